import {
  type Fit,
  fitRatings,
  measureIntervals,
  measureUncertainty,
  type PairCounts,
  Z95,
} from '../../src/ratings/index.ts'
import { readArenaPairs } from '../../tests/support/shared-data.ts'
import { arenaRankCovariance } from './arena-rank.ts'
import type { Experiment } from './experiment.ts'
import { openRandom, type Random } from './market.ts'

interface Pool {
  readonly pairs: PairCounts
  readonly fit: Fit
  /** The share of votes that are ties between equal models. */
  readonly ties: number
}

const isThere = readArenaPairs() !== null
let known: Pool | null = null

function openPool(): Pool {
  if (known !== null) return known
  const pairs = readArenaPairs()
  if (pairs === null) throw new Error('the counts of the real pool are not there')
  const fit = fitRatings(pairs)
  let [tied, even] = [0, 0]
  for (const [e, N] of fit.N.entries()) {
    tied += (pairs.ties[e] ?? 0) + (pairs.bothBad[e] ?? 0)
    even += 4 * N * (fit.p[e] ?? 0) * (fit.q[e] ?? 0)
  }
  known = { pairs, fit, ties: tied / even }
  return known
}

/** A newcomer as strong as one of the pool, who meets all of them equally often. */
function joinOnce(votes: number, seed: number): readonly number[] {
  const random = openRandom(seed)
  const pool = openPool()
  const n = pool.pairs.models.length
  const strength = pool.fit.theta[Math.floor(random.next() * n)] ?? 0
  const pairs = addNewcomer(pool, castVotes(pool, { strength, votes }, random))
  const fit = fitRatings(pairs)
  const uncertainty = measureUncertainty(fit, { raters: null, prompts: null })
  const { low, high } = measureIntervals(fit, uncertainty)
  // Ratings of the pool sum to 0, and with the newcomer they sum to 0 again.
  const truth = strength - strength / (n + 1)
  const isWithin = (least: number, most: number) => Number(least <= truth && truth <= most)
  const theta = fit.theta[n] ?? Number.NaN
  const half = Z95 * Math.sqrt(arenaRankCovariance(fit)[n * (n + 1) + n] ?? 0)
  return [
    isWithin(low[n] ?? Number.NaN, high[n] ?? Number.NaN),
    isWithin(theta - half, theta + half),
  ]
}

type Counts = readonly [wins: number, losses: number, ties: number]

/** Of the newcomer, by opponent. */
function castVotes(
  { fit, ties }: Pool,
  { strength, votes }: { readonly strength: number; readonly votes: number },
  random: Random,
): Map<number, Counts> {
  const counts = new Map<number, Counts>()
  for (let vote = 0; vote < votes; vote += 1) {
    const opponent = Math.floor(random.next() * fit.theta.length)
    const p = 1 / (1 + Math.exp((fit.theta[opponent] ?? 0) - strength))
    const tie = Math.min(ties * 4 * p * (1 - p), 2 * Math.min(p, 1 - p))
    const u = random.next()
    const [wins, losses, tied] = counts.get(opponent) ?? [0, 0, 0]
    if (u < tie) counts.set(opponent, [wins, losses, tied + 1])
    else if (u < tie / 2 + p) counts.set(opponent, [wins + 1, losses, tied])
    else counts.set(opponent, [wins, losses + 1, tied])
  }
  return counts
}

/** The pool's counts with a last model more. */
function addNewcomer({ pairs, fit }: Pool, counts: ReadonlyMap<number, Counts>): PairCounts {
  const n = pairs.models.length
  const rows = [...fit.N.keys()].map((e) => ({
    first: pairs.first[e] ?? 0,
    second: pairs.second[e] ?? 0,
    counts: [pairs.firstWins[e], pairs.secondWins[e], pairs.ties[e], pairs.bothBad[e]],
  }))
  for (const [opponent, [wins, losses, ties]] of counts)
    rows.push({ first: opponent, second: n, counts: [losses, wins, ties, 0] })
  rows.sort((a, b) => a.first - b.first || a.second - b.second)
  const column = (index: number) => Float64Array.from(rows, (row) => row.counts[index] ?? 0)
  return {
    models: [...pairs.models, '\u{10ffff}'],
    first: Int32Array.from(rows, ({ first }) => first),
    second: Int32Array.from(rows, ({ second }) => second),
    firstWins: column(0),
    secondWins: column(1),
    ties: column(2),
    bothBad: column(3),
  }
}

const recipe = [
  [10, 95.4],
  [30, 95.6],
  [50, 93.2],
  [100, 95.0],
  [300, 95.8],
  [1_000, 97.0],
] as const

/** Nothing where the real votes are not there: they may not come with the code. */
export const newcomerExperiments: readonly Experiment[] = recipe.map(
  ([votes, share]): Experiment => ({
    table: 'coverage for a newcomer in the real pool of 1.67 million votes',
    cells: [
      {
        name: `${votes} votes`,
        recipe: share,
        beside: 1,
        assumed: 'as strong as one of the pool, meets all equally often',
      },
      null,
    ],
    runs: isThere ? [500, votes === 30 ? 60 : 0] : [0, 0],
    recipeRuns: 500,
    run: (seed) => joinOnce(votes, seed),
  }),
)
