const DENSE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu
/** A character of Chinese, Japanese or Korean says about as much as 2.5 letters. */
const DENSE_WEIGHT = 2.5
/** Nobody must look longer than this: that an answer is bad may show at once. */
const LONGEST_LOOK_MS = 10_000

/**
 * Whether a vote came before what was shown can have been read.
 *
 * @param shown the texts that were shown
 * @param lookedMs since the first of it was
 * @param lettersPerSecond faster is not reading; null: nothing is too fast
 */
export function isTooFast(
  shown: readonly string[],
  lookedMs: number,
  lettersPerSecond: number | null,
): boolean {
  if (lettersPerSecond === null) return false
  const letters = shown.reduce((sum, text) => sum + weigh(text), 0)
  return lookedMs < Math.min(LONGEST_LOOK_MS, (letters / lettersPerSecond) * 1_000)
}

function weigh(text: string): number {
  return text.length + (text.match(DENSE)?.length ?? 0) * (DENSE_WEIGHT - 1)
}
