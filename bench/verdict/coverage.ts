import {
  fitRatings,
  type Intervals,
  measureIntervals,
  measureUncertainty,
  Z95,
} from '../../src/ratings/index.ts'
import { arenaRankCovariance } from './arena-rank.ts'
import type { Experiment } from './experiment.ts'
import { type Market, type MarketKind, openMarket, openRandom } from './market.ts'
import { openTally } from './tally.ts'

const worlds: readonly Omit<MarketKind, 'n'>[] = [
  { strengthPoints: 120, ties: 0.25, tiesSpread: 0.08, weightSpread: 0.5 },
  { strengthPoints: 120, ties: 0.25, tiesSpread: 0.08, weightSpread: 0.7, tieModel: 'davidson' },
  { strengthPoints: 200, ties: 0.15, tiesSpread: 0.05, weightSpread: 0.5 },
  { strengthPoints: 60, ties: 0.35, tiesSpread: 0.08, weightSpread: 0.5, tieModel: 'davidson' },
  { strengthPoints: 0, ties: 0.15, tiesSpread: 0.05, weightSpread: 0.5, tieModel: 'davidson' },
]
const kinds = [5, 12, 20].flatMap((n) => worlds.map((world): MarketKind => ({ ...world, n })))

/** The share of models whose interval holds the truth. */
function shareCovered({ low, high }: Intervals, { truth }: Market): number {
  let covered = 0
  for (const [i, value] of truth.entries())
    if (value >= (low[i] ?? Number.NaN) && value <= (high[i] ?? Number.NaN)) covered += 1
  return covered / truth.length
}

/** Shares covered by our rule, by it without matchup spread, and by arena-rank's formula. */
function coverOnce(
  extra: Partial<MarketKind>,
  votesPerModel: number,
  [seed, run]: readonly [number, number],
): [number, number, number] {
  const random = openRandom(seed)
  const kind = kinds[run % kinds.length]
  if (kind === undefined) throw new Error('no kind')
  const market = openMarket({ ...kind, ...extra }, random)
  const tally = openTally(market)
  for (let vote = (kind.n * votesPerModel) / 2; vote > 0; vote -= 1) {
    const pair = market.drawPair(random)
    tally.add(pair, market.vote(pair, random))
  }
  const fit = fitRatings(tally.pairs())
  const uncertainty = measureUncertainty(fit, { raters: null, prompts: null })
  const without = { ...uncertainty, Vtotal: uncertainty.V0 }
  const covariance = arenaRankCovariance(fit)
  const half = fit.theta.map((_, i) => Z95 * Math.sqrt(covariance[i * kind.n + i] ?? 0))
  const low = fit.theta.map((value, i) => value - (half[i] ?? 0))
  const high = fit.theta.map((value, i) => value + (half[i] ?? 0))
  return [
    shareCovered(measureIntervals(fit, uncertainty), market),
    shareCovered(measureIntervals(fit, without), market),
    shareCovered({ low, high }, market),
  ]
}

const table = 'coverage of the 95 % interval'
const matchups = { matchupPoints: 40 }
const recipe: readonly (readonly [number, number, number, number, number])[] = [
  [10, 97.5, 97.4, 96.7, 97.6],
  [30, 96.4, 96.1, 95.3, 96.0],
  [100, 96.0, 94.9, 93.4, 94.3],
  [400, 95.7, 93.1, 87.9, 91.2],
  [2_000, 95.4, 92.0, 69.0, 89.9],
]

export const coverageExperiments: readonly Experiment[] = recipe.flatMap(
  ([votes, rule, spread, without, uneven]): Experiment[] => [
    {
      table,
      cells: [{ name: `${votes} votes a model`, recipe: rule, beside: 1 }, null],
      runs: [3_000, 900],
      run: (seed, run) => {
        const [ours, , arenaRank] = coverOnce({}, votes, [seed, run])
        return [ours, arenaRank]
      },
    },
    {
      table,
      cells: [
        { name: `${votes}, matchups 40 points apart`, recipe: spread, beside: 2 },
        { name: `${votes}, the same without the spread`, recipe: without, beside: 2 },
        null,
      ],
      runs: [3_000, 900],
      run: (seed, run) => coverOnce(matchups, votes, [seed, run]),
    },
    {
      table,
      cells: [{ name: `${votes}, matchups and uneven volumes`, recipe: uneven, beside: 1 }, null],
      runs: [3_000, 900],
      run: (seed, run) => {
        const [ours, , arenaRank] = coverOnce({ ...matchups, volumeSpread: 1 }, votes, [seed, run])
        return [ours, arenaRank]
      },
    },
  ],
)
