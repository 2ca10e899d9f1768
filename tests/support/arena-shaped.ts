import type { PairCounts } from '../../src/ratings/index.ts'
import { seededRandom } from './seeded-random.ts'

export interface ArenaShape {
  readonly models: number
  readonly pairs: number
  readonly votes: number
}

/** The shape of a large public arena's counts. */
export const arenaShape: ArenaShape = { models: 129, pairs: 3_460, votes: 1_670_250 }

const STRENGTH_SPREAD = 0.6
const TIES = 0.17
const BOTH_BAD = 0.18
/** Of the votes that are decided; ties pull it together. */
const MATCHUP_SPREAD = 0.07
/** How far its matchups depart from one scale, in natural units. */
export const arenaSpread = MATCHUP_SPREAD * (1 - TIES - BOTH_BAD)

/**
 * Pair counts of a seeded arena: some models are drawn a thousand times as often as others, not
 * every pair met, votes tie, and matchups depart a little from one scale. Exactly the pairs and
 * votes of `shape`; one component.
 */
export function arenaShaped(seed: number, shape = arenaShape): PairCounts {
  const random = seededRandom(seed)
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
  const strength = Array.from({ length: shape.models }, () => STRENGTH_SPREAD * normal())
  const popularity = Array.from({ length: shape.models }, () => Math.exp(1.3 * normal()))
  const met = drawPairs(popularity, shape, random.next)
  const volumes = splitVotes(
    met.map(([i, j]) => (popularity[i] ?? 0) * (popularity[j] ?? 0)),
    shape.votes,
  )
  const counts = met.map(([i, j], e) => {
    const gap = (strength[i] ?? 0) - (strength[j] ?? 0) + MATCHUP_SPREAD * normal()
    return drawCounts(volumes[e] ?? 0, 1 / (1 + Math.exp(-gap)), normal)
  })
  const column = (kind: 0 | 1 | 2 | 3) => Float64Array.from(counts, (four) => four[kind])
  return {
    models: strength.map((_, i) => `publisher/model-${String(i).padStart(4, '0')}`),
    first: Int32Array.from(met, ([i]) => i),
    second: Int32Array.from(met, ([, j]) => j),
    firstWins: column(0),
    secondWins: column(1),
    ties: column(2),
    bothBad: column(3),
  }
}

/** A chain that joins all, and the most likely of the others, sorted. */
function drawPairs(
  popularity: readonly number[],
  { models, pairs }: ArenaShape,
  next: () => number,
): (readonly [number, number])[] {
  const all = popularity.flatMap((mine, i) =>
    popularity.slice(i + 1).map((theirs, at) => {
      const isChain = at === 0
      const key = isChain ? Number.POSITIVE_INFINITY : next() ** (1 / (mine * theirs))
      return { i, j: i + 1 + at, key }
    }),
  )
  if (pairs < models - 1 || pairs > all.length) throw new Error('no such number of pairs')
  return all
    .toSorted((one, other) => (one.key > other.key ? -1 : 1))
    .slice(0, pairs)
    .toSorted((one, other) => one.i - other.i || one.j - other.j)
    .map(({ i, j }) => [i, j] as const)
}

/** Whole numbers from 1 in proportion to the weights, whose sum is `votes`. */
function splitVotes(weights: readonly number[], votes: number): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0)
  const free = votes - weights.length
  const split = weights.map((weight) => 1 + Math.floor((free * weight) / sum))
  const largest = weights.indexOf(Math.max(...weights))
  const left = votes - split.reduce((all, share) => all + share, 0)
  return split.map((share, at) => (at === largest ? share + left : share))
}

/** Draws of a binomial by its normal approximation, in a row: ties, both bad, and who won. */
function drawCounts(
  votes: number,
  chance: number,
  normal: () => number,
): readonly [number, number, number, number] {
  const draw = (among: number, p: number): number => {
    const drawn = Math.round(among * p + Math.sqrt(among * p * (1 - p)) * normal())
    return Math.min(among, Math.max(0, drawn))
  }
  const ties = draw(votes, TIES)
  const bothBad = draw(votes - ties, BOTH_BAD / (1 - TIES))
  const decided = votes - ties - bothBad
  const wins = draw(decided, chance)
  return [wins, decided - wins, ties, bothBad]
}
