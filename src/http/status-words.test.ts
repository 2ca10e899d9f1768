import { expect, test } from 'vitest'
import { statusWords } from './status-words.ts'

test('the first language a browser names decides, and English stands for all but Chinese', () => {
  const languages = ['zh-CN,en;q=0.8', 'zh-TW', 'en-GB,zh;q=0.9', 'fr', '', undefined]
  expect(languages.map((language) => statusWords(language).htmlLang)).toEqual([
    'zh-Hans',
    'zh-Hans',
    'en',
    'en',
    'en',
    'en',
  ])
})

test('both languages say everything: no text is missing or left in the other language', () => {
  const [english, chinese] = [statusWords('en'), statusWords('zh')]
  expect(Object.keys(chinese)).toEqual(Object.keys(english))
  for (const words of [english, chinese]) {
    const texts = Object.values(words).filter((value) => typeof value === 'string')
    expect(
      texts.every((text) => words === english || text === '' || !/^[A-Z][a-z]+ /.test(text)),
    ).toBe(true)
  }
})

test('small counts are spelt in English, as a headline is', () => {
  const { openWith } = statusWords('en')
  expect(openWith(1)).toContain('One model answers')
  expect(openWith(3)).toContain('Three models answer')
  expect(openWith(1_234)).toContain('1,234 models answer')
})
