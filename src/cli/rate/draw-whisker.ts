import type { BoardRow } from './report.ts'

/** The stretch of ratings that whiskers are drawn on. */
export interface Scale {
  readonly low: number
  readonly high: number
  readonly cells: number
  /** Its ends in points, as wide as the whiskers. */
  readonly title: string
}

/** Wider intervals than this, on either side of the ratings, run out of the picture. */
const MARGIN_POINTS = 100

/** The scale that shows all ratings and what of their intervals is near them; null: no ratings. */
export function scaleOf(board: readonly BoardRow[], cells: number): Scale | null {
  const ratings = board.flatMap(({ rating }) => rating ?? [])
  if (ratings.length === 0) return null
  const least = ratings.reduce((one, other) => Math.min(one, other)) - MARGIN_POINTS
  const most = ratings.reduce((one, other) => Math.max(one, other)) + MARGIN_POINTS
  const lows = board.map(({ low }) => Math.max(least, low ?? most))
  const highs = board.map(({ high }) => Math.min(most, high ?? least))
  const low = Math.floor(lows.reduce((one, other) => Math.min(one, other)) / 10) * 10
  const high = Math.ceil(highs.reduce((one, other) => Math.max(one, other)) / 10) * 10
  const ends = [String(low), String(high)] as const
  const gap = Math.max(1, cells - ends[0].length - ends[1].length)
  return { low, high, cells, title: `${ends[0]}${' '.repeat(gap)}${ends[1]}` }
}

/** `  ├──●───┤   `: the interval and the rating, arrows where it goes on beyond the scale. */
export function drawWhisker(
  { rating, low, high }: Pick<BoardRow, 'rating' | 'low' | 'high'>,
  scale: Scale,
): string {
  if (rating === null || low === null || high === null) return ''
  const place = (points: number) =>
    Math.round(((points - scale.low) / (scale.high - scale.low)) * (scale.cells - 1))
  const last = scale.cells - 1
  const [from, to] = [Math.max(0, place(low)), Math.min(last, place(high))]
  const cells: string[] = new Array(scale.cells).fill(' ')
  for (let at = from; at <= to; at++) cells[at] = '─'
  cells[from] = place(low) < 0 ? '←' : '├'
  cells[to] = place(high) > last ? '→' : '┤'
  cells[Math.min(last, Math.max(0, place(rating)))] = '●'
  return cells.join('').trimEnd()
}
