/** Longer wishes than a day are taken as a day. */
const LONGEST_MS = 24 * 60 * 60 * 1_000
/** As HTTP writes it. What else `Date` reads is no date that anybody meant: `-1`, for one. */
const LOOKS_LIKE_A_DATE = /^[A-Za-z]{3,9}, \d/

type Headers = Readonly<Record<string, string | string[] | undefined>>

/**
 * When a server wishes to be asked again: `retry-after-ms`, else `retry-after` in seconds or as
 * a date. Milliseconds from `nowMs` (since 1970), at least 0; null: it names no time.
 */
export function readRetryAfterMs(headers: Headers, nowMs: number): number | null {
  const ms = numberOf(headers['retry-after-ms'])
  if (ms !== null) return Math.min(ms, LONGEST_MS)
  const seconds = numberOf(headers['retry-after'])
  if (seconds !== null) return Math.min(seconds * 1_000, LONGEST_MS)
  const text = textOf(headers['retry-after']) ?? ''
  const date = LOOKS_LIKE_A_DATE.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? null : Math.min(Math.max(0, date - nowMs), LONGEST_MS)
}

function numberOf(value: string | string[] | undefined): number | null {
  const text = textOf(value)?.trim()
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : null
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
