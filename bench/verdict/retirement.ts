import {
  ALPHA,
  checkRaters,
  type Fit,
  findDominated,
  logEvidenceOf,
  POINTS_PER_UNIT,
  type RatedBoard,
  Z95,
} from '../../src/ratings/index.ts'
import { arenaRankCovariance } from './arena-rank.ts'
import type { Experiment } from './experiment.ts'
import { type Market, openMarket, openRandom, type Random } from './market.ts'
import { openTally } from './tally.ts'
import { designed, rate } from './watch.ts'

const MODELS = 100
const LOOKS = [5_000, 10_000, 20_000, 40_000] as const
const REDRAWN_EVERY = 500
const table = 'retirement among 100 models, prices correlated 0.5'
const assumed = 'pairs designed, 35 % ties, a look every 500 votes'

/** Prices whose logarithm correlates 0.5 with strength; all known. */
function pricesOf(market: Market, strengthPoints: number, { normal }: Random): number[] {
  const scale = strengthPoints / POINTS_PER_UNIT
  return [...market.truth].map((theta) => {
    const standard = scale === 0 ? normal() : theta / scale
    return Math.exp(0.5 * standard + Math.sqrt(0.75) * normal())
  })
}

/** Per model: how far the best no-dearer one is truly above it, in points; −∞: there is none. */
function trueLead(market: Market, prices: readonly number[]): number[] {
  return prices.map((price, b) => {
    const leads = prices.map((other, a) =>
      a !== b && other <= price ? (market.truth[a] ?? 0) - (market.truth[b] ?? 0) : -Infinity,
    )
    return Math.max(...leads) * POINTS_PER_UNIT
  })
}

interface Retired {
  /** The share retired of those over 50 points below a no-dearer one, and of all dominated. */
  readonly shareBelow: number
  readonly share: number
  readonly hasWrong: boolean
  readonly hasWrongBeside: boolean
}

interface Scene {
  readonly strengthPoints: number
  readonly aim: 'order' | 'retirement'
  readonly votes: number
}

/** Whoever is retired stays so: `retired` grows. */
function judge(
  { fit }: RatedBoard,
  { prices, leads, retired }: { prices: number[]; leads: number[]; retired: ReadonlySet<number> },
): Retired {
  const shareOf = (isMeant: (lead: number) => boolean): number => {
    const meant = [...leads.keys()].filter((model) => isMeant(leads[model] ?? 0))
    return meant.filter((model) => retired.has(model)).length / meant.length
  }
  const isWrong = (model: number): boolean => !((leads[model] ?? 0) > 1e-9)
  return {
    shareBelow: shareOf((lead) => lead > 50),
    share: shareOf((lead) => lead > 1e-9),
    hasWrong: [...retired].some(isWrong),
    hasWrongBeside: retiredByIntervals(fit, prices).some(isWrong),
  }
}

/** Models below a no-dearer one whose arena-rank interval of the difference leaves 0 out. */
function retiredByIntervals(fit: Fit, prices: readonly number[]): number[] {
  const n = fit.theta.length
  const V = arenaRankCovariance(fit)
  const at = (i: number, j: number): number => V[i * n + j] ?? 0
  return [...prices.keys()].filter((b) =>
    prices.some((price, a) => {
      const width = Z95 * Math.sqrt(at(a, a) + at(b, b) - 2 * at(a, b))
      const gap = (fit.theta[a] ?? 0) - (fit.theta[b] ?? 0)
      return a !== b && price <= (prices[b] ?? 0) && gap > width
    }),
  )
}

function retireOnce(seed: number, { strengthPoints, aim, votes }: Scene): Retired[] {
  const random = openRandom(seed)
  const market = openMarket({ n: MODELS, strengthPoints, ties: 0.35 }, random)
  const prices = pricesOf(market, strengthPoints, random)
  const leads = trueLead(market, prices)
  const tally = openTally(market)
  const choose = designed(
    market,
    aim === 'order' ? { kind: 'order' } : { kind: 'retirement', prices },
  )
  const retired = new Set<number>()
  const seen: Retired[] = []
  let board: RatedBoard | null = null
  for (let vote = 1; vote <= votes; vote += 1) {
    const pair = choose(board, random)
    tally.add(pair, market.vote(pair, random))
    if (vote % REDRAWN_EVERY !== 0) continue
    board = rate(tally, undefined, board?.fit)
    const rules = checkRaters(board.votes)
    const evidence = { logE: logEvidenceOf(board), alpha: ALPHA, rules }
    for (const { dominated } of findDominated(evidence, prices).dominations) retired.add(dominated)
    if (LOOKS.some((look) => look === vote)) seen.push(judge(board, { prices, leads, retired }))
  }
  return seen
}

function hasWrong(seen: readonly Retired[]): [number, number] {
  return [Number(seen.some((at) => at.hasWrong)), Number(seen.some((at) => at.hasWrongBeside))]
}

function early(aim: Scene['aim'], recipe: number): Experiment {
  return {
    table,
    cells: [{ name: `retired of all dominated, 5,000 votes, asked for ${aim}`, recipe, assumed }],
    runs: [50, 8],
    recipeRuns: 25,
    run: (seed) => [retireOnce(seed, { strengthPoints: 100, aim, votes: 5_000 })[0]?.share ?? 0],
  }
}

export const retirementExperiments: readonly Experiment[] = [
  {
    table,
    cells: [
      { name: 'retired of those over 50 points below, 10,000 votes', recipe: 69, assumed },
      { name: 'the same, 20,000 votes', recipe: 94, assumed },
      { name: 'the same, 40,000 votes', recipe: 100, assumed },
      { name: 'markets where a good model is retired', recipe: 0, assumed, beside: 4 },
      null,
    ],
    runs: [50, 0],
    recipeRuns: 25,
    run: (seed) => {
      const seen = retireOnce(seed, { strengthPoints: 100, aim: 'retirement', votes: 40_000 })
      return [...seen.slice(1).map(({ shareBelow }) => shareBelow), ...hasWrong(seen)]
    },
  },
  {
    table,
    cells: [
      {
        name: 'equal strengths: markets where a model is retired',
        recipe: [0, 4],
        assumed,
        beside: 1,
      },
      null,
    ],
    runs: [50, 0],
    recipeRuns: 25,
    run: (seed) =>
      hasWrong(retireOnce(seed, { strengthPoints: 0, aim: 'retirement', votes: 40_000 })),
  },
  early('order', 20),
  early('retirement', 42),
]
