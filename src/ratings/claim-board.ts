import { at } from './at.ts'
import { logHeadToHead } from './bet-head-to-head.ts'
import { checkRaters } from './check-raters.ts'
import { closedThreshold } from './close-family.ts'
import { canCheckMatchups } from './measure-spread.ts'
import type { Fit, Matrix, Uncertainty, Votes } from './types.ts'
import type { BoardClaims, Claim, ClaimCaveat, ClaimStatus } from './types-claims.ts'
import { ALPHA, gapForEvidence, logEvidence } from './weigh-evidence.ts'

/** A claim is marked "this matchup" when its pair holds more of either model's votes than this. */
const MATCHUP_SHARE = 0.25

/** A board as it was fitted, with the votes it was fitted to. */
export interface RatedBoard {
  readonly votes: Votes
  readonly fit: Fit
  readonly uncertainty: Uncertainty
}

/**
 * Every claim of a board that holds however often one looks: with chance 1 − `alpha` (default
 * 0.05) none of those ever certified is false. Natural units. Where the raters bar the board
 * (`rules.bar`) nothing is certified; what would have been is leaning.
 */
export function claimBoard(board: RatedBoard, alpha = ALPHA): BoardClaims {
  const logE = logEvidenceOf(board)
  const { threshold, logThreshold } = closedThreshold(logE, alpha)
  const rules = checkRaters(board.votes)
  const certified = new Uint8Array(logE.length)
  if (rules.bar === null)
    for (let index = 0; index < logE.length; index++)
      if (at(logE, index) >= logThreshold) certified[index] = 1
  const byBets = certifyByBets(board, logE, alpha)
  const caveats: ClaimCaveat[] = canCheckMatchups(board.uncertainty) ? [] : ['matchups_unchecked']
  const about = { board, logE, certified, logThreshold, alpha, byBets, caveats }
  const context: Context = { ...about, ...votesBetween(board) }
  return { logE, certified, threshold, logThreshold, alpha, rules, claims: listClaims(context) }
}

/** log E of every ordered pair within a component, n × n; NaN elsewhere. */
export function logEvidenceOf({ fit, uncertainty }: Omit<RatedBoard, 'votes'>): Matrix {
  const n = fit.theta.length
  const logE = new Float64Array(n * n).fill(Number.NaN)
  for (let a = 0; a < n; a++)
    for (let b = a + 1; b < n; b++) {
      if (fit.component[a] !== fit.component[b]) continue
      const delta = at(fit.theta, a) - at(fit.theta, b)
      const variance = varianceBetween(uncertainty.Vtotal, n, [a, b])
      logE[a * n + b] = logEvidence(delta, variance)
      logE[b * n + a] = logEvidence(-delta, variance)
    }
  return logE
}

/** The variance of a difference: M_aa + M_bb − 2M_ab of an n × n matrix of covariances. */
export function varianceBetween(
  matrix: Matrix,
  n: number,
  [a, b]: readonly [number, number],
): number {
  return at(matrix, a * n + a) + at(matrix, b * n + b) - 2 * at(matrix, a * n + b)
}

interface Context {
  readonly board: RatedBoard
  readonly logE: Matrix
  readonly certified: Uint8Array
  readonly logThreshold: number
  readonly alpha: number
  readonly byBets: Uint8Array
  /** Of every claim of this board. */
  readonly caveats: readonly ClaimCaveat[]
  /** Votes of each model, and the place in the `PairCounts` of a pair with votes. */
  readonly votesOf: Float64Array
  readonly placeOf: Int32Array
}

function votesBetween({ fit }: RatedBoard): Pick<Context, 'votesOf' | 'placeOf'> {
  const n = fit.theta.length
  const votesOf = new Float64Array(n)
  const placeOf = new Int32Array(n * n).fill(-1)
  for (let pair = 0; pair < fit.N.length; pair++) {
    const first = at(fit.pairs.first, pair)
    const second = at(fit.pairs.second, pair)
    placeOf[first * n + second] = placeOf[second * n + first] = pair
    votesOf[first] = at(votesOf, first) + at(fit.N, pair)
    votesOf[second] = at(votesOf, second) + at(fit.N, pair)
  }
  return { votesOf, placeOf }
}

function listClaims(context: Context): Claim[] {
  const n = context.board.fit.theta.length
  const claims: Claim[] = []
  for (let a = 0; a < n; a++)
    for (let b = a + 1; b < n; b++) {
      const forward = at(context.logE, a * n + b)
      if (Number.isNaN(forward)) continue
      const isForward = forward >= at(context.logE, b * n + a)
      claims.push(makeClaim(context, isForward ? [a, b] : [b, a]))
    }
  return claims
}

function makeClaim(context: Context, pair: readonly [number, number]): Claim {
  const { fit, uncertainty } = context.board
  const n = fit.theta.length
  const [better, worse] = pair
  const logE = at(context.logE, better * n + worse)
  const gap = at(fit.theta, better) - at(fit.theta, worse)
  const variance = varianceBetween(uncertainty.Vtotal, n, pair)
  const isCertified = context.certified[better * n + worse] === 1
  const isLeaning = logE >= Math.log(1 / context.alpha)
  const status: ClaimStatus = isCertified ? 'certified' : isLeaning ? 'leaning' : 'undecided'
  const isOfMatchup = isThisMatchup(context, pair)
  const spare = () => gap - gapForEvidence(context.logThreshold, variance)
  return {
    better,
    worse,
    gap,
    variance,
    logE,
    status,
    tolerance: isCertified ? spare() / varianceBetween(fit.V, n, pair) : null,
    isThisMatchup: isOfMatchup,
    isModelFree: isCertified && context.byBets[better * n + worse] === 1,
    caveats: isOfMatchup ? [...context.caveats, 'this_matchup'] : context.caveats,
  }
}

function isThisMatchup({ board, votesOf, placeOf }: Context, [a, b]: readonly [number, number]) {
  const place = at(placeOf, a * votesOf.length + b)
  if (place < 0) return false
  return at(board.fit.N, place) > MATCHUP_SHARE * Math.min(at(votesOf, a), at(votesOf, b))
}

/**
 * n × n of 0 and 1: what bets on the votes between two models certify, by closed testing over the
 * same family as the board's claims. Pairs without votes are in it, with E = 1.
 */
function certifyByBets({ fit, uncertainty }: RatedBoard, logE: Matrix, alpha: number): Uint8Array {
  const n = fit.theta.length
  const bets = logE.map((value) => (Number.isNaN(value) ? value : 0))
  for (let pair = 0; pair < fit.N.length; pair++) {
    const [a, b] = [at(fit.pairs.first, pair), at(fit.pairs.second, pair)]
    const wins = at(fit.pairs.firstWins, pair)
    const losses = at(fit.pairs.secondWins, pair)
    bets[a * n + b] = logHeadToHead(wins, losses, uncertainty.designEffect.total)
    bets[b * n + a] = logHeadToHead(losses, wins, uncertainty.designEffect.total)
  }
  const { logThreshold } = closedThreshold(bets, alpha)
  return Uint8Array.from(bets, (value) => (value >= logThreshold ? 1 : 0))
}
