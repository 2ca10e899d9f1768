import { createHash } from 'node:crypto'
import { findCategory } from './find-category.ts'
import { findLanguage } from './find-language.ts'
import type { Slice, StyleFeatures } from './types.ts'

/** Characters of a prompt up to which it is short, and up to which it is of medium length. */
const SHORT_CHARACTERS = 200
const MEDIUM_CHARACTERS = 1_500
/** A character of Chinese, Japanese or Korean says about as much as 2.5 letters. */
const DENSE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu
const DENSE_WEIGHT = 2.5

/** What was asked in a battle. */
export interface Asked {
  /** The people's side of the conversation, first message first; at least one. */
  readonly prompts: readonly string[]
}

/**
 * The slices that a vote belongs to: `overall`, a language and a category (of all that was asked),
 * a length (of the longest message) and whether there were several turns.
 */
export function slicesOf({ prompts }: Asked): Slice[] {
  const all = prompts.join('\n')
  const longest = Math.max(0, ...prompts.map(lengthOf))
  const length =
    longest <= SHORT_CHARACTERS ? 'short' : longest <= MEDIUM_CHARACTERS ? 'medium' : 'long'
  return [
    'overall',
    `language:${findLanguage(all)}`,
    `category:${findCategory(all)}`,
    `length:${length}`,
    `turns:${prompts.length > 1 ? 'multi' : 'single'}`,
  ]
}

function lengthOf(prompt: string): number {
  return prompt.length + (prompt.match(DENSE)?.length ?? 0) * (DENSE_WEIGHT - 1)
}

/** What tells that two battles asked the same, whatever the spaces: a UUID-shaped hash. */
export function promptKeyOf({ prompts }: Asked): string {
  const text = prompts.map((prompt) => prompt.normalize('NFC').trim().replace(/\s+/g, ' '))
  const hash = createHash('sha256').update(JSON.stringify(text)).digest('hex')
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    hash.slice(12, 16),
    hash.slice(16, 20),
    hash.slice(20, 32),
  ].join('-')
}

const MOST = 1_000_000

/** How an answer looks. Words of Chinese, Japanese and Korean are counted by character. */
export function styleOf(answer: string): StyleFeatures {
  const text = answer.replace(/```[\s\S]*?(```|$)/g, ' ')
  const dense = text.match(DENSE)?.length ?? 0
  const words = text.replace(DENSE, ' ').match(/[\p{L}\p{N}]+/gu)?.length ?? 0
  const count = (pattern: RegExp): number => Math.min(MOST, text.match(pattern)?.length ?? 0)
  return {
    words: Math.min(MOST, words + dense),
    headings: count(/^#{1,6}\s+\S/gm),
    listItems: count(/^\s*([-*+•]|\d+[.)、])\s+\S/gm),
    bold: count(/\*\*[^*\n]+\*\*|__[^_\n]+__/g),
  }
}
