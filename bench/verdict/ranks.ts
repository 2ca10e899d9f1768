import {
  claimBoard,
  measureIntervals,
  POINTS_PER_UNIT,
  type RatedBoard,
  rankModels,
  type Standing,
} from '../../src/ratings/index.ts'
import type { Experiment } from './experiment.ts'
import { centred, type Market, marketOf, openMarket, openRandom } from './market.ts'
import { openTally } from './tally.ts'
import { type Chooser, designed, rate } from './watch.ts'

const MODELS = 30
const EVERY = 100
/** Points of the leader over equal models: found where both figures of the recipe come near. */
const LEAD = 115
const kind = { n: MODELS, strengthPoints: 100, ties: 0.35 }

/** Whether some model truly stands outside its range of ranks. */
function hasWrongRank(standings: readonly Standing[], { truth }: Market): boolean {
  return standings.some(({ rankLow, rankHigh }, i) => {
    const rank = 1 + truth.filter((other) => other > (truth[i] ?? 0)).length
    return rank < rankLow || rank > rankHigh
  })
}

function hasContradiction(standings: readonly Standing[], certified: Uint8Array): boolean {
  return certified.some((isCertified, index) => {
    const [better, worse] = [Math.floor(index / MODELS), index % MODELS]
    return (
      isCertified === 1 && (standings[better]?.tier ?? 0) >= (standings[worse]?.tier ?? Infinity)
    )
  })
}

/** Tiers by intervals: whoever reaches the best of a tier with its interval is in that tier. */
function tiersByIntervals({ fit, uncertainty }: RatedBoard): number[] {
  const { low, high } = measureIntervals(fit, uncertainty)
  const order = [...fit.theta.keys()].sort((a, b) => (fit.theta[b] ?? 0) - (fit.theta[a] ?? 0))
  const tiers: number[] = []
  let [tier, floor] = [0, Infinity]
  for (const i of order) {
    if ((high[i] ?? 0) < floor) {
      tier += 1
      floor = low[i] ?? 0
    }
    tiers[i] = tier
  }
  return tiers
}

const movesBetween = (before: readonly number[], after: readonly number[]): number =>
  before.filter((tier, i) => tier !== after[i]).length

/** Whether a rank was ever wrong or a tier contradicted a claim, and moves of tiers an update. */
function followOnce(seed: number): readonly number[] {
  const random = openRandom(seed)
  const market = openMarket(kind, random)
  const choose = designed(market)
  const tally = openTally(market)
  let board: RatedBoard | null = null
  let [ours, theirs]: [number[], number[]] = [[], []]
  let [isWrong, contradicts, moves, movesBeside, updates] = [false, false, 0, 0, 0]
  for (let vote = 1; vote <= 20_000; vote += 1) {
    const pair = choose(board, random)
    tally.add(pair, market.vote(pair, random))
    if (vote % EVERY !== 0) continue
    board = rate(tally, undefined, board?.fit)
    const claims = claimBoard(board)
    const standings = rankModels(board.fit, claims)
    isWrong ||= hasWrongRank(standings, market)
    contradicts ||= hasContradiction(standings, claims.certified)
    const [tiers, beside] = [standings.map(({ tier }) => tier), tiersByIntervals(board)]
    if (ours.length > 0) {
      moves += movesBetween(ours, tiers)
      movesBeside += movesBetween(theirs, beside)
      updates += 1
    }
    ;[ours, theirs] = [tiers, beside]
  }
  return [Number(isWrong), Number(contradicts), moves / updates, movesBeside / updates]
}

/** Votes until `isDone`, looked at every 50; NaN: not within `most`. */
function votesUntil(
  { market, seed, most }: { readonly market: Market; readonly seed: number; readonly most: number },
  { choose, start }: { readonly choose: Chooser; readonly start?: readonly [number, number] },
  isDone: (board: RatedBoard) => boolean,
): number {
  const random = openRandom(seed)
  const tally = openTally(market)
  const [models, before] = start ?? [0, 0]
  for (let vote = 0; vote < before; ) {
    const pair = market.drawPair(random)
    if ((market.second[pair] ?? 0) >= models) continue
    tally.add(pair, market.vote(pair, random))
    vote += 1
  }
  let board = before > 0 ? rate(tally, undefined, undefined) : null
  for (let vote = 1; vote <= most; vote += 1) {
    const pair = choose(board, random)
    tally.add(pair, market.vote(pair, random))
    if (vote % 50 !== 0) continue
    board = rate(tally, undefined, board?.fit)
    if (isDone(board)) return vote
  }
  return Number.NaN
}

const isSettled = ({ uncertainty }: RatedBoard): boolean =>
  [27, 28, 29].every((i) => {
    const variance = uncertainty.Vtotal[i * MODELS + i] ?? 0
    return variance > 0 && POINTS_PER_UNIT * Math.sqrt(variance) <= 20
  })

/** Whether the first model is certified over all others. */
function isFirstBest(board: RatedBoard): boolean {
  const row = claimBoard(board).certified.subarray(1, board.fit.theta.length)
  return row.every((flag) => flag === 1)
}

function joinOnce(seed: number): readonly number[] {
  const market = openMarket(kind, openRandom(seed))
  const of = { market, seed: seed + 1, most: 8_000 }
  const evenly: Chooser = (_, random) => market.drawPair(random)
  const start = [27, 15_000] as const
  return [
    votesUntil(of, { choose: designed(market), start }, isSettled),
    votesUntil(of, { choose: evenly, start }, isSettled),
  ]
}

function leadOnce(seed: number): readonly number[] {
  const theta = Float64Array.from({ length: 21 }, (_, i) => (i === 0 ? LEAD / POINTS_PER_UNIT : 0))
  const few = { ...kind, n: theta.length, strengthPoints: 0 }
  const market = marketOf(few, centred(theta), openRandom(seed))
  const of = { market, seed: seed + 1, most: 20_000 }
  const evenly: Chooser = (_, random) => market.drawPair(random)
  return [
    votesUntil(of, { choose: designed(market, { kind: 'best' }) }, isFirstBest),
    votesUntil(of, { choose: evenly }, isFirstBest),
  ]
}

const speed = {
  unit: 'votes',
  assumed: 'strengths 100 points apart, a look every 50 votes',
} as const

const lead = { unit: 'votes', assumed: `20 equal models, ${LEAD} points below the leader` } as const

export const rankExperiments: readonly Experiment[] = [
  {
    table: 'ranks and tiers of 30 models, at every update',
    cells: [
      { name: 'markets where a rank is ever wrong', recipe: 0 },
      { name: 'markets where a tier contradicts a claim', recipe: 0 },
      {
        name: 'tier moves an update',
        recipe: 0.19,
        unit: 'moves',
        assumed: '20,000 designed votes, an update each 100',
      },
      { name: 'the same by intervals', recipe: 2.5, unit: 'moves' },
    ],
    runs: [60, 0],
    recipeRuns: 22,
    run: followOnce,
  },
  {
    table: 'how soon designed pairs decide, and pairs drawn evenly',
    cells: [
      { name: 'three newcomers within 20 points, designed', recipe: 900, ...speed },
      { name: 'the same, drawn evenly', recipe: 3_300, ...speed },
    ],
    runs: [40, 4],
    recipeRuns: 40,
    run: joinOnce,
  },
  {
    table: 'how soon designed pairs decide, and pairs drawn evenly',
    cells: [
      { name: 'leader certified over 20 others, designed', recipe: 3_100, ...lead },
      { name: 'the same, drawn evenly', recipe: 4_300, ...lead },
    ],
    runs: [40, 0],
    recipeRuns: 40,
    run: leadOnce,
  },
]
