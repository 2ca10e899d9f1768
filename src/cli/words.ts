import { commandName } from '../config.ts'
import { widthOf } from './measure-width.ts'

/** What a person reads where nobody knows. */
export const UNKNOWN = 'unknown'

/** How the program is called in what it tells people to type. */
export const BAIMO = commandName

/** What begins a line that the program says of itself. */
export const PROGRAM = 'baimo'

const LARGE = [
  { size: 1e12, letter: 'T' },
  { size: 1e9, letter: 'B' },
  { size: 1e6, letter: 'M' },
  { size: 1e3, letter: 'K' },
]

/** 4 200 000 → `4.2 M`; null → `unknown`. */
export function formatCount(count: number | null | undefined): string {
  if (count === null || count === undefined) return UNKNOWN
  const unit = LARGE.find(({ size }) => Math.abs(count) >= size)
  if (unit === undefined) return String(count)
  return `${Number((count / unit.size).toPrecision(3))} ${unit.letter}`
}

/** Tokens in full, with thin grouping: 32768 → `32,768`; null → `unknown`. */
export function formatWhole(count: number | null | undefined): string {
  return count === null || count === undefined ? UNKNOWN : count.toLocaleString('en')
}

/** 5 368 709 120 → `5.37 GB`; null → `unknown`. */
export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return UNKNOWN
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const at = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1)
  return `${Number((bytes / 1000 ** at).toPrecision(3))} ${units[at]}`
}

/** Milliseconds: `850 ms`, `12.3 s`, `4 min 05 s`. */
export function formatMs(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
}

/** An ISO time to the minute, in UTC; null → what `absent` says. */
export function formatTime(iso: string | null | undefined, absent: string = UNKNOWN): string {
  return iso === null || iso === undefined ? absent : `${iso.slice(0, 16).replace('T', ' ')} UTC`
}

/**
 * An ISO time to the second, in UTC, and not before it: what it says has come to pass then. null →
 * what `absent` says.
 */
export function formatMoment(iso: string | null | undefined, absent: string = UNKNOWN): string {
  if (iso === null || iso === undefined) return absent
  const whole = new Date(Math.ceil(Date.parse(iso) / 1_000) * 1_000).toISOString()
  return `${whole.slice(0, 19).replace('T', ' ')} UTC`
}

/**
 * Lines of at most so many cells, broken at spaces; each but the first stands in as far as the text
 * that its line began with. A word that is longer stays whole: a path or an address is copied.
 */
export function wrap(text: string, columns: number | null, indent: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<=\S) (?=\S)/)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (columns === null || line === '' || widthOf(longer) <= columns) line = longer
    else {
      lines.push(line)
      line = `${' '.repeat(indent)}${word}`
    }
  }
  return [...lines, line]
}

/** `1 model`, `3 models`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
