/** What has come of one answer. */
export interface Arrived {
  readonly text: string
  /** Whether all of it has come, and its usage is committed. */
  readonly isWhole: boolean
}

/** How far both answers are shown: the same number of characters of each, or all of one. */
export interface Pace {
  readonly shown: number
  /** When the first text was shown; null: none was. */
  readonly begunAtMs: number | null
  /** Characters a second once a side is whole; null: neither is. */
  readonly perSecond: number | null
  readonly steppedAtMs: number
}

/** Slower than this nobody waits for the rest of the longer answer. */
const LEAST_PER_SECOND = 200

export function beginPace(nowMs: number): Pace {
  return { shown: 0, begunAtMs: null, perSecond: null, steppedAtMs: nowMs }
}

export interface PaceStep {
  readonly pace: Pace
  /** What each side shows now on top. */
  readonly added: readonly [string, string]
  /** Whether both are shown whole: their ends are told together. */
  readonly isOver: boolean
}

/**
 * Shows both answers at the pace of the slower one: nothing until both have begun, then as many
 * characters of each as have come of both. Once one is whole, the longer one goes on at the pace
 * until then, however fast it came, so that neither end nor pace tells who is fast.
 */
export function stepPace(pace: Pace, sides: readonly [Arrived, Arrived], nowMs: number): PaceStep {
  const [a, b] = sides
  const hasBegun = sides.every(({ text, isWhole }) => text !== '' || isWhole)
  if (!hasBegun) return { pace: { ...pace, steppedAtMs: nowMs }, added: ['', ''], isOver: false }
  const begunAtMs = pace.begunAtMs ?? nowMs
  const whole = sides.filter(({ isWhole }) => isWhole)
  const common = Math.min(...sides.map((side) => (side.isWhole ? Infinity : side.text.length)))
  const shortest = Math.min(...whole.map(({ text }) => text.length))
  const longest = Math.max(a.text.length, b.text.length)
  let { perSecond } = pace
  let shown = Math.max(pace.shown, Math.min(common, shortest, longest))
  if (whole.length > 0 && shown >= shortest) {
    const seconds = Math.max(0.05, (nowMs - begunAtMs) / 1_000)
    const more = ((perSecond ?? 0) * (nowMs - pace.steppedAtMs)) / 1_000
    perSecond ??= Math.max(LEAST_PER_SECOND, shortest / seconds)
    const base = Math.max(pace.shown, shortest)
    shown = Math.min(common, longest, Math.max(shown, Math.floor(base + more)))
  }
  const added: [string, string] = [
    between(a.text, pace.shown, shown),
    between(b.text, pace.shown, shown),
  ]
  const isOver = whole.length === 2 && shown >= longest
  return { pace: { shown, begunAtMs, perSecond, steppedAtMs: nowMs }, added, isOver }
}

/** The text between two places; no character is cut in two: it is shown with what follows. */
function between(text: string, from: number, to: number): string {
  return text.slice(wholeAt(text, from), wholeAt(text, to))
}

function wholeAt(text: string, at: number): number {
  const code = text.charCodeAt(at - 1)
  const isFirstHalf = code >= 0xd800 && code <= 0xdbff
  return isFirstHalf && at < text.length ? at - 1 : at
}
