import { expect, it } from 'vitest'
import {
  harderPrompts,
  labelledPrompts,
  laterPrompts,
} from '../../tests/fixtures/labelled-prompts.ts'
import { findCategory } from './find-category.ts'
import { findLanguage } from './find-language.ts'
import { promptKeyOf, slicesOf, styleOf } from './find-slices.ts'

const labelled = [...listed(labelledPrompts), ...listed(harderPrompts)]
const later = listed(laterPrompts)

function listed(prompts: Readonly<Record<string, readonly string[]>>) {
  return Object.entries(prompts).flatMap(([category, all]) =>
    all.map((prompt) => ({ category, prompt })),
  )
}

function findWrong(of: typeof labelled): string[] {
  return of
    .filter(({ category, prompt }) => findCategory(prompt) !== category)
    .map(({ category, prompt }) => `${category} → ${findCategory(prompt)}: ${prompt}`)
}

it('finds the category of prompts that were labelled along with the rules', () => {
  expect(labelled.length).toBeGreaterThanOrEqual(150)
  expect(findWrong(labelled).length / labelled.length).toBeLessThan(0.05)
})

it('puts no prompt that was labelled later into a wrong category: in doubt it says other', () => {
  const wrong = findWrong(later)
  expect(wrong.filter((text) => !text.includes('→ other:'))).toEqual([])
  // 13 of 48 that are not `other` are found, and all 8 that are: see the README.
  expect(later.length - wrong.length).toBeGreaterThanOrEqual(21)
})

it('tells Chinese prompts from English ones, but where most of one is to be translated', () => {
  const wrong = [...labelled, ...later].filter(
    ({ category, prompt }) =>
      category !== 'translation' &&
      findLanguage(prompt) !== (/\p{Script=Han}/u.test(prompt) ? 'zh' : 'en'),
  )
  expect(wrong.map(({ prompt }) => `${findLanguage(prompt)}: ${prompt}`)).toEqual([])
})

it.each([
  ['ja', '日本の首都はどこですか。'],
  ['ko', '서울의 인구는 얼마입니까?'],
  ['de', 'Warum ist der Himmel blau? Erkläre es mir bitte kurz.'],
  ['fr', 'Pourquoi le ciel est-il bleu ? Explique-moi en une phrase.'],
  ['es', '¿Por qué el cielo es azul? Explícame en una frase con un ejemplo.'],
  ['it', 'Perché il cielo è blu? Scrivi una frase per un bambino.'],
  ['pt', 'Por que o céu é azul? Escreva uma frase para uma criança.'],
  ['nl', 'Waarom is de lucht blauw? Schrijf een zin voor een kind.'],
  ['ru', 'Почему небо голубое?'],
  ['uk', 'Чому небо блакитне, і що це означає? Їжак.'],
  ['ar', 'لماذا السماء زرقاء؟'],
  ['other', '42 + 17 = ?'],
  ['zh', '用 Python 写一个函数\n```python\nprint("hello world this is the code")\n```'],
])('tells %s by script and frequent words', (language, prompt) => {
  expect(findLanguage(prompt)).toBe(language)
})

it('names a language, a category, a length and the turns, beside overall', () => {
  expect(slicesOf({ prompts: ['Write a Python function.', 'Now with types.'] })).toEqual([
    'overall',
    'language:en',
    'category:code',
    'length:short',
    'turns:multi',
  ])
  expect(slicesOf({ prompts: ['好'.repeat(100)] })).toContain('length:medium')
  expect(slicesOf({ prompts: ['word '.repeat(400)] })).toContain('length:long')
  expect(slicesOf({ prompts: [''] })).toContain('language:other')
})

it('keys prompts that differ in spaces alike, and others apart', () => {
  const key = promptKeyOf({ prompts: ['Say  hi\n'] })
  expect(key).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  expect(promptKeyOf({ prompts: ['Say hi'] })).toBe(key)
  expect(promptKeyOf({ prompts: ['Say', 'hi'] })).not.toBe(key)
})

it('counts words, headings, list items and bold, and not those of code', () => {
  const answer =
    '# One\n\nTwo **three** words\n\n- four\n- five\n1. six\n```\n# no\n- no\n```\n七八'
  expect(styleOf(answer)).toEqual({ words: 10, headings: 1, listItems: 3, bold: 1 })
})
