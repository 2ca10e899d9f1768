/** What one model scored against opponents whose strengths are taken as known. */
export interface Results {
  /** Per opponent: strength, votes, and points of those votes (a tie is half a point). */
  readonly theta: readonly number[]
  readonly votes: readonly number[]
  readonly points: readonly number[]
}

/** The strength that results show best, and how far to either side it is still credible. */
export interface Profile {
  readonly mode: number
  readonly low: number
  readonly high: number
  /** Σ n·pq at the mode. */
  readonly information: number
}

/** Longest distance between points at which the profile is looked at for several modes. */
const GRID = 0.25
const MOST_HALVINGS = 200
/** Where two points are taken for one, as a share. */
const NEAR = 1e-13

/**
 * The penalised profile of one model's strength r, opponents fixed:
 * f(r) = Σ[s log σ(r−θ) + (n−s) log σ(θ−r)] + ½ log Σ n·pq. The mode is its global maximum; `low`
 * and `high` are the outermost points where it is `drop` below. Finite whatever the results are.
 */
export function profileOf(results: Results, drop: number): Profile {
  const grid = gridOf(results)
  const values = grid.map((r) => valueAt(results, r).value)
  const best = values.indexOf(Math.max(...values))
  const mode = refineMode(
    results,
    grid[best - 1] ?? grid[0] ?? 0,
    grid[best + 1] ?? grid.at(-1) ?? 0,
  )
  const top = valueAt(results, mode)
  const target = top.value - drop
  const isAbove = values.map((value) => value >= target)
  const first = grid[isAbove.indexOf(true)] ?? mode
  const last = grid[isAbove.lastIndexOf(true)] ?? mode
  return {
    mode,
    low: crossing(results, target, { from: Math.min(first, mode), direction: -1 }),
    high: crossing(results, target, { from: Math.max(last, mode), direction: 1 }),
    information: top.information,
  }
}

/** f, its slope, Σ(s − np), and Σ n·pq, at r. */
function valueAt({ theta, votes, points }: Results, r: number) {
  let nearest = Number.POSITIVE_INFINITY
  for (let o = 0; o < theta.length; o += 1)
    nearest = Math.min(nearest, Math.abs(r - (theta[o] as number)))
  let logLikelihood = 0
  let score = 0
  let scaled = 0
  let turned = 0
  for (let o = 0; o < theta.length; o += 1) {
    const x = r - (theta[o] as number)
    const n = votes[o] as number
    const s = points[o] as number
    const away = Math.abs(x)
    const small = Math.exp(-away)
    const likely = 1 / (1 + small)
    const unlikely = small * likely
    logLikelihood -= n * Math.log1p(small) + away * (x >= 0 ? n - s : s)
    score += x >= 0 ? s * unlikely - (n - s) * likely : s * likely - (n - s) * unlikely
    // n·pq, times e^nearest so that it does not vanish far away.
    const information = n * Math.exp(nearest - away) * likely * likely
    scaled += information
    turned += information * (x >= 0 ? unlikely - likely : likely - unlikely)
  }
  return {
    value: logLikelihood + (Math.log(scaled) - nearest) / 2,
    slope: score + turned / scaled / 2,
    score,
    information: scaled * Math.exp(-nearest),
  }
}

/**
 * Points between which every mode lies. The penalty's slope is at most ½, and the score falls all
 * the way: where it is above ½ the profile rises, where it is below −½ it falls. Beyond the
 * opponents by log 4N + 2 the penalty is stronger than what is left of the score.
 */
function gridOf(results: Results): number[] {
  const total = results.votes.reduce((sum, n) => sum + n, 0)
  const beyond = Math.log(4 * Math.max(1, total)) + 2
  const bounds = [Math.min(...results.theta) - beyond, Math.max(...results.theta) + beyond] as const
  const low = lastAbove(results, 0.5, bounds)
  const high = lastAbove(results, -0.5, bounds) + GRID
  const count = Math.max(2, Math.ceil((high - low) / GRID))
  return Array.from({ length: count + 1 }, (_, k) => low + ((high - low) * k) / count)
}

/** A point within GRID below where the score falls to `level`; a bound where it does not. */
function lastAbove(results: Results, level: number, [from, to]: readonly [number, number]): number {
  let [low, high] = [from, to]
  while (high - low > GRID) {
    const middle = (low + high) / 2
    if (valueAt(results, middle).score > level) low = middle
    else high = middle
  }
  return low
}

/** The maximum between two points: scoring steps, halved where they leave the two. */
function refineMode(results: Results, from: number, to: number): number {
  let [low, high, r] = [from, to, (from + to) / 2]
  for (let k = 0; k < MOST_HALVINGS; k += 1) {
    const { slope, information } = valueAt(results, r)
    if (slope > 0) low = r
    else high = r
    const ahead = r + slope / information
    const next = ahead > low && ahead < high ? ahead : (low + high) / 2
    if (Math.abs(next - r) <= NEAR * (1 + Math.abs(r))) return next
    r = next
  }
  return r
}

/** Where the profile falls through `target`, going outwards from a point that is above it. */
function crossing(
  results: Results,
  target: number,
  { from, direction }: { from: number; direction: 1 | -1 },
): number {
  let [inside, stride] = [from, GRID]
  let outside = from + direction * stride
  let there = valueAt(results, outside)
  while (there.value >= target) {
    inside = outside
    stride *= 2
    outside += direction * stride
    there = valueAt(results, outside)
  }
  for (let k = 0; k < MOST_HALVINGS; k += 1) {
    // Newton's step back from outside, where it stays between the two; else half way.
    const back = outside - (there.value - target) / there.slope
    const isBetween = (back - inside) * direction > 0 && (outside - back) * direction > 0
    const next = isBetween ? back : (inside + outside) / 2
    const isNear = Math.abs(next - outside) <= NEAR * (1 + Math.abs(next))
    if (isNear || Math.abs(outside - inside) <= NEAR * (1 + Math.abs(next))) return next
    const seen = valueAt(results, next)
    if (seen.value >= target) inside = next
    else [outside, there] = [next, seen]
  }
  return outside
}
