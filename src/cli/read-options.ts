import { InvalidArgumentError } from 'commander'

/** A reader of a whole number between two bounds. */
export function readWhole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
  }
}

/** A reader of a number between two bounds. */
export function readNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`)
  }
}

const COUNT_UNITS: Readonly<Record<string, number>> = { '': 1, k: 1_000, m: 1_000_000 }

/** A whole number from 1, such as `60`, `100k` or `1.5m`; or `none`. */
export function readCount(text: string): number | 'none' {
  if (text === 'none') return 'none'
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([km]?)$/i.exec(text) ?? []
  const value = Math.round(Number(digits) * (COUNT_UNITS[unit.toLowerCase()] ?? Number.NaN))
  if (value >= 1 && value <= 1_000_000_000_000) return value
  throw new InvalidArgumentError('It must be a number such as 60, 100k or 1.5m, or "none".')
}

/** A reader that gathers an option given several times, or once with commas. */
export function readSeveral(text: string, before: readonly string[] | undefined): string[] {
  const values = text
    .split(',')
    .map((value) => value.trim())
    .filter(Boolean)
  return [...(before ?? []), ...values]
}

const UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** Whether a text begins with a day that the calendar has, which 2027-02-31 is not. */
function isDay(text: string): boolean {
  const day = text.slice(0, 10)
  const atMs = Date.parse(`${day}T00:00:00Z`)
  return Number.isFinite(atMs) && new Date(atMs).toISOString().startsWith(day)
}

/**
 * When something ends: `12h`, `30d`, `2w` from now, or a date (its end, in UTC) or an ISO time.
 * Undefined when the text is none of these or lies in the past.
 */
export function readExpiry(text: string, nowMs: number): Date | undefined {
  const span = /^(\d{1,5})([hdw])$/.exec(text.trim())
  const unitMs = UNITS_MS[span?.[2] ?? '']
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text)
  const hasForm = isDay(text) && (isDate || /^\d{4}-\d{2}-\d{2}T/.test(text))
  const atMs =
    unitMs !== undefined
      ? nowMs + Number(span?.[1]) * unitMs
      : Date.parse(hasForm ? (isDate ? `${text}T23:59:59.999Z` : text) : '')
  return atMs > nowMs ? new Date(atMs) : undefined
}
