import type { Json } from '../kernel/index.ts'

/** A count of bytes; null: there is none. */
export function readSize(value: Json | undefined): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}

const MOST_LETTERS = 200

/** Words of a hub as the catalog keeps them, without what draws no letter; null: there are none. */
export function readWords(value: Json | undefined): string | null {
  if (typeof value !== 'string') return null
  const words = value.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
  return [...words].slice(0, MOST_LETTERS).join('').trim() || null
}

/** A SHA-256 in lower-case hexadecimal; null: there is none. */
export function readSha256(value: Json | undefined): string | null {
  const text = typeof value === 'string' ? value.toLowerCase().replace(/^sha256:/, '') : ''
  return /^[0-9a-f]{64}$/.test(text) ? text : null
}
