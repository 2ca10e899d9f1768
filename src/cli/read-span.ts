import { InvalidArgumentError } from 'commander'

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
}

/** A reader of a span as people write it, `500ms`, `1.5s`, `10min`, `1h`, in whole milliseconds. */
export function readSpan(leastMs: number, mostMs: number): (text: string) => number {
  return (text) => {
    const [, number, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?) ?([a-z]+)$/i.exec(text.trim()) ?? []
    const ms = Math.round(Number(number) * (UNITS_MS[unit.toLowerCase()] ?? Number.NaN))
    if (ms >= leastMs && ms <= mostMs) return ms
    const bounds = `from ${formatSpan(leastMs)} to ${formatSpan(mostMs)}`
    throw new InvalidArgumentError(`It must be a span such as 500ms, 60s or 10min, ${bounds}.`)
  }
}

/** Milliseconds in the largest unit that says them exactly: `500 ms`, `90 s`, `10 min`, `1 h`. */
export function formatSpan(ms: number): string {
  for (const unit of ['h', 'min', 's']) {
    const size = UNITS_MS[unit] ?? 1
    if (ms >= size && ms % size === 0) return `${ms / size} ${unit}`
  }
  return `${ms} ms`
}
