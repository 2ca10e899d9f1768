import {
  checkRaters,
  choosePairs,
  claimBoard,
  closedThreshold,
  drawPair,
  type Fit,
  fitRatings,
  logEvidenceOf,
  measureUncertainty,
  type PairAim,
  type RatedBoard,
  Z95,
} from '../../src/ratings/index.ts'
import { arenaRankCovariance } from './arena-rank.ts'
import type { Market, Random } from './market.ts'
import { openTally, type Tally } from './tally.ts'

/** Who votes next, and how their tastes move the gap of a pair; absent: independent voters. */
export interface Crowd {
  readonly raters: number
  raterOf(vote: number): number
  tasteOf(rater: number, pair: number): number
  /** Rate as if votes were independent, for comparison. */
  readonly isIgnored?: boolean
}

/** Chooses the next pair from the board at the last look; null before the first. */
export type Chooser = (board: RatedBoard | null, random: Random) => number

export interface Watch {
  readonly market: Market
  readonly random: Random
  readonly votes: number
  /** Votes between two looks. */
  readonly every: number
  readonly choose?: Chooser
  readonly crowd?: Crowd
  /** Also look with arena-rank's intervals. */
  readonly isBeside?: boolean
  /** Also ends at the first false claim. */
  readonly isFalseEnough?: boolean
}

export interface Seen {
  /** Whether a claim that is not true was certified at any look; arena-rank's likewise. */
  readonly hasFalse: boolean
  readonly hasFalseBeside: boolean
  /** True claims that were certified at some look, and so are on record. */
  readonly everTrue: ReadonlySet<number>
}

/** Cast votes and look at what is certified, again and again, as a watcher of a live board does. */
export function watchClaims(watch: Watch): Seen {
  const { market, random, crowd } = watch
  const tally = openTally(market, crowd?.raters ?? 0)
  let board: RatedBoard | null = null
  let seen: Seen = { hasFalse: false, hasFalseBeside: false, everTrue: new Set() }
  for (let vote = 0; vote < watch.votes; vote += 1) {
    const pair = watch.choose?.(board, random) ?? market.drawPair(random)
    castVote(watch, tally, { vote, pair })
    if ((vote + 1) % watch.every !== 0) continue
    board = rate(tally, crowd, board?.fit)
    seen = look(watch, board, seen)
    if (
      watch.isFalseEnough === true &&
      seen.hasFalse &&
      (seen.hasFalseBeside || watch.isBeside !== true)
    )
      break
  }
  return seen
}

/** As the market counts: where several people vote, the first 30 of one on one pair. */
function castVote(
  { market, random, crowd }: Watch,
  tally: Tally,
  { vote, pair }: { vote: number; pair: number },
): void {
  if (crowd === undefined) {
    tally.add(pair, market.vote(pair, random))
    return
  }
  const rater = crowd.raterOf(vote)
  const outcome = market.vote(pair, random, crowd.tasteOf(rater, pair))
  if (crowd.isIgnored === true || tally.votesBy(rater, pair) < 30) tally.add(pair, outcome, rater)
}

export function rate(tally: Tally, crowd: Crowd | undefined, start: Fit | undefined): RatedBoard {
  const pairs = tally.pairs()
  const isKnown = crowd !== undefined && crowd.isIgnored !== true
  const votes = { pairs, raters: isKnown ? tally.raters() : null, prompts: null }
  const fit = fitRatings(pairs, start === undefined ? {} : { start })
  return { votes, fit, uncertainty: measureUncertainty(fit, votes) }
}

function look({ market, isBeside }: Watch, board: RatedBoard, before: Seen): Seen {
  const isTrue = (a: number, b: number): boolean =>
    (market.truth[a] ?? 0) > (market.truth[b] ?? 0) + 1e-9
  const { n } = market
  const logE = logEvidenceOf(board)
  const { logThreshold } = closedThreshold(logE)
  const rules = checkRaters(board.votes)
  const everTrue = new Set(before.everTrue)
  let hasFalse = before.hasFalse
  // A board of one rater claims nothing but that one person's taste.
  if (rules.bar === null && !rules.isOnePerson)
    for (const [index, value] of logE.entries()) {
      if (!(value >= logThreshold)) continue
      if (isTrue(Math.floor(index / n), index % n)) everTrue.add(index)
      else hasFalse = true
    }
  const hasFalseBeside =
    before.hasFalseBeside || (isBeside === true && hasFalseByArenaRank(board.fit, isTrue))
  return { hasFalse, hasFalseBeside, everTrue }
}

/** Whether arena-rank's 95 % interval of some difference excludes the truth's side. */
function hasFalseByArenaRank(fit: Fit, isTrue: (a: number, b: number) => boolean): boolean {
  const n = fit.theta.length
  const V = arenaRankCovariance(fit)
  const at = (i: number, j: number): number => V[i * n + j] ?? 0
  for (let a = 0; a < n; a += 1)
    for (let b = 0; b < n; b += 1) {
      const gap = (fit.theta[a] ?? 0) - (fit.theta[b] ?? 0)
      const width = Z95 * Math.sqrt(at(a, a) + at(b, b) - 2 * at(a, b))
      if (a !== b && gap > width && !isTrue(a, b)) return true
    }
  return false
}

/** Pairs by the market's own rule, from the board at the last look. */
export function designed(market: Market, aim: PairAim = { kind: 'order' }): Chooser {
  const placeOf = new Map([...market.first].map((a, e) => [`${a} ${market.second[e]}`, e]))
  let [known, plan]: [RatedBoard | null, ReturnType<typeof choosePairs> | null] = [null, null]
  return (board, random) => {
    if (board === null) return market.drawPair(random)
    if (board !== known) [known, plan] = [board, choosePairs(board, claimBoard(board), { aim })]
    const pair = plan === null ? null : drawPair(plan, random.next())
    return placeOf.get(`${pair?.first} ${pair?.second}`) ?? market.drawPair(random)
  }
}

/** A share of the votes goes to the pair that looks most decided; the rest is drawn. */
export function chased(market: Market, share: number): Chooser {
  const placeOf = new Map([...market.first].map((a, e) => [`${a} ${market.second[e]}`, e]))
  let [known, chosen]: [RatedBoard | null, number | null] = [null, null]
  return (board, random) => {
    if (board !== null && board !== known) {
      known = board
      const logE = logEvidenceOf(board)
      const most = logE.reduce((best, value, at) => (value > (logE[best] ?? 0) ? at : best), 1)
      const [a, b] = [Math.floor(most / market.n), most % market.n]
      chosen = placeOf.get(`${Math.min(a, b)} ${Math.max(a, b)}`) ?? null
    }
    return chosen !== null && random.next() < share ? chosen : market.drawPair(random)
  }
}
