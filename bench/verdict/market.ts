import type { PairCounts } from '../../src/ratings/index.ts'
import { fitRatings, POINTS_PER_UNIT } from '../../src/ratings/index.ts'
import { seededRandom } from '../../tests/support/seeded-random.ts'

export interface Random {
  /** From 0 up to 1. */
  next(): number
  normal(): number
}

export function openRandom(seed: number): Random {
  const { next } = seededRandom(seed)
  for (let warm = 0; warm < 8; warm += 1) next()
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  return { next, normal }
}

/** A kind of market. Spreads are standard deviations in points. */
export interface MarketKind {
  readonly n: number
  readonly strengthPoints: number
  /** The rate of ties between equal models, and how it differs between models. */
  readonly ties: number
  readonly tiesSpread?: number
  /** proportional: P(tie) = κ·4pq, so a half-tie fit is right; Davidson: it is not quite. */
  readonly tieModel?: 'proportional' | 'davidson'
  /** Of the logarithm of how often a model, and a pair, is drawn. */
  readonly weightSpread?: number
  readonly volumeSpread?: number
  readonly matchupPoints?: number
  /**
   * independent: drawn for each pair alone, so that they also move who wins on average. centred:
   * each model's sum to 0, so that they make no model stronger. fitted: independent, and the truth
   * is the half-tie fit to what is expected of pairs drawn evenly.
   */
  readonly matchups?: 'independent' | 'centred' | 'fitted'
}

/** A market of known truth. Pairs are (0,1), (0,2), … */
export interface Market {
  readonly n: number
  readonly first: Int32Array
  readonly second: Int32Array
  /** True strengths in natural units, Σ = 0: what a fit would find from endless votes. */
  readonly truth: Float64Array
  /** Draws a pair as the market draws them when nobody chooses. */
  drawPair(random: Random): number
  /** 0: first wins, 1: second wins, 2: tie. `taste` moves the gap for one rater, natural units. */
  vote(pair: number, random: Random, taste?: number): 0 | 1 | 2
}

export function openMarket(kind: MarketKind, random: Random): Market {
  const { n } = kind
  const theta = centred(drawNormals(n, kind.strengthPoints / POINTS_PER_UNIT, random))
  return marketOf(kind, theta, random)
}

/** A market whose strengths are given, in natural units. */
export function marketOf(kind: MarketKind, theta: Float64Array, random: Random): Market {
  const { n } = kind
  const count = (n * (n - 1)) / 2
  const pairs = { first: new Int32Array(count), second: new Int32Array(count) }
  let index = 0
  for (let a = 0; a < n; a += 1)
    for (let b = a + 1; b < n; b += 1) {
      pairs.first[index] = a
      pairs.second[index] = b
      index += 1
    }
  const shares = drawNormals(n, kind.weightSpread ?? 0, random).map(Math.exp)
  const tieOf = drawNormals(n, kind.tiesSpread ?? 0, random).map((value) => kind.ties + value)
  const drawn = drawNormals(count, (kind.matchupPoints ?? 0) / POINTS_PER_UNIT, random)
  const matchup = kind.matchups === 'centred' ? centredByModel({ n, ...pairs }, drawn) : drawn
  const volume = drawNormals(count, kind.volumeSpread ?? 0, random).map(Math.exp)
  const weight = volume.map(
    (value, e) => value * of(shares, pairs.first[e]) * of(shares, pairs.second[e]),
  )
  const gap = volume.map((_, e) => of(theta, pairs.first[e]) - of(theta, pairs.second[e]))
  const tie = volume.map((_, e) =>
    Math.min(0.9, Math.max(0, (of(tieOf, pairs.first[e]) + of(tieOf, pairs.second[e])) / 2)),
  )
  const isDavidson = kind.tieModel === 'davidson'
  const chances = isDavidson ? davidson : proportional
  const cumulative = accumulate(weight)
  const isFitted = isDavidson || kind.matchups === 'fitted'
  const moved = (e: number): number => (kind.matchups === 'fitted' ? of(matchup, e) : 0)
  const truth = isFitted
    ? truthOf({ n, ...pairs }, weight, (e) => chances(of(gap, e) + moved(e), of(tie, e)))
    : theta
  return {
    n,
    ...pairs,
    truth,
    drawPair: ({ next }) => search(cumulative, next()),
    vote(pair, { next }, taste = 0) {
      const [win, lose] = chances(of(gap, pair) + of(matchup, pair) + taste, of(tie, pair))
      const u = next()
      return u < win ? 0 : u < win + lose ? 1 : 2
    },
  }
}

function of(numbers: ArrayLike<number>, index: number | undefined): number {
  return numbers[index ?? -1] ?? Number.NaN
}

function drawNormals(count: number, spread: number, { normal }: Random): Float64Array {
  return Float64Array.from({ length: count }, () => (spread === 0 ? 0 : spread * normal()))
}

export function centred(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return values.map((value) => value - mean)
}

/** Effects of pairs less what one scale explains of them: each model's then sum to 0. */
function centredByModel(
  { n, first, second }: Pick<Market, 'n' | 'first' | 'second'>,
  effects: Float64Array,
): Float64Array {
  const mean = new Float64Array(n)
  for (const [e, effect] of effects.entries()) {
    const [a, b] = [first[e] ?? 0, second[e] ?? 0]
    mean[a] = of(mean, a) + effect / n
    mean[b] = of(mean, b) - effect / n
  }
  return effects.map((effect, e) => effect - of(mean, first[e]) + of(mean, second[e]))
}

function proportional(gap: number, ties: number): readonly [number, number] {
  const p = 1 / (1 + Math.exp(-gap))
  const tie = Math.min(ties * 4 * p * (1 - p), 2 * Math.min(p, 1 - p))
  return [p - tie / 2, 1 - p - tie / 2]
}

function davidson(gap: number, ties: number): readonly [number, number] {
  const [win, lose] = [Math.exp(gap / 2), Math.exp(-gap / 2)]
  const total = win + lose + (2 * ties) / (1 - ties)
  return [win / total, lose / total]
}

function truthOf(
  { n, first, second }: Pick<Market, 'n' | 'first' | 'second'>,
  weight: Float64Array,
  chances: (pair: number) => readonly [number, number],
): Float64Array {
  const scale = 1e6 / weight.reduce((sum, value) => sum + value, 0)
  const expected = (kind: 0 | 1) =>
    weight.map((value, e) => value * scale * (chances(e)[kind] ?? 0))
  const [firstWins, secondWins] = [expected(0), expected(1)]
  const ties = weight.map((value, e) => value * scale - of(firstWins, e) - of(secondWins, e))
  const bothBad = new Float64Array(weight.length)
  const counts: PairCounts = {
    models: namesOf(n),
    first,
    second,
    firstWins,
    secondWins,
    ties,
    bothBad,
  }
  return fitRatings(counts, { method: 'mle' }).theta
}

const names = new Map<number, readonly string[]>()

/** Names in the order of the models' numbers. */
export function namesOf(n: number): readonly string[] {
  const known = names.get(n) ?? Array.from({ length: n }, (_, i) => String(i).padStart(4, '0'))
  names.set(n, known)
  return known
}

function accumulate(weights: Float64Array): Float64Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let sum = 0
  return weights.map((weight) => {
    sum += weight / total
    return sum
  })
}

function search(cumulative: Float64Array, u: number): number {
  let [low, high] = [0, cumulative.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (of(cumulative, middle) > u) high = middle
    else low = middle + 1
  }
  return low
}
