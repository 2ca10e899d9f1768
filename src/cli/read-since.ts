const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/**
 * From when on: `90min`, `24h`, `7d`, `2w` before now, a date (its begin, in UTC) or an ISO time.
 * Undefined when the text is none of these.
 */
export function readSince(text: string, nowMs: number): Date | undefined {
  const [, number, unit = ''] = /^(\d{1,6})(s|min|h|d|w)$/.exec(text.trim()) ?? []
  const unitMs = UNITS_MS[unit]
  if (unitMs !== undefined) return new Date(Math.max(0, nowMs - Number(number) * unitMs))
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text)
  const isTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text)
  const date = new Date(isDate ? `${text}T00:00:00Z` : isTime ? text : Number.NaN)
  const isThere = Number.isFinite(date.getTime())
  // The calendar has no 31st of February, but the clock of JavaScript does.
  if (!isThere || (isDate && !date.toISOString().startsWith(text))) return undefined
  return date
}
