import { at } from './at.ts'
import { type RatedBoard, varianceBetween } from './claim-board.ts'
import { logistic } from './logistic.ts'
import type { Bar, BoardClaims } from './types-claims.ts'
import { logEvidence, TAU, varianceForEvidence } from './weigh-evidence.ts'

/**
 * What would certify a claim, if strengths and matchups are what they seem:
 * *certified*: nothing more; *votes*: the whole board's votes, `factor` times those of today, so
 * `moreVotes` on top, drawn as they have been so far; *never*: no number of votes, because the
 * models are as strong or their matchups differ too much: more models or a slice might;
 * *raters*: the evidence is there, but the board's raters bar it from certifying.
 */
export type VotesNeeded =
  | { readonly kind: 'certified' }
  | { readonly kind: 'votes'; readonly factor: number; readonly moreVotes: number }
  | { readonly kind: 'raters'; readonly bar: Bar }
  | { readonly kind: 'never'; readonly reason: 'no_gap' | 'matchups_differ' }

const CERTIFIED: VotesNeeded = { kind: 'certified' }

/**
 * The factor f by which all votes of the board must grow until log E of "better over worse" is
 * today's log T, with the sampling part of its variance divided by f and the matchup part as it
 * is. Votes between the two alone often make it worse (their own matchup enters), so what is
 * counted is votes of the whole board.
 */
export function countVotesNeeded(
  board: RatedBoard,
  target: Pick<BoardClaims, 'logThreshold' | 'rules'>,
  pair: readonly [better: number, worse: number],
): VotesNeeded {
  const { fit, uncertainty } = board
  const n = fit.theta.length
  const delta = at(fit.theta, pair[0]) - at(fit.theta, pair[1])
  const variance = varianceBetween(uncertainty.Vtotal, n, pair)
  if (logEvidence(delta, variance) >= target.logThreshold) {
    const { bar } = target.rules
    return bar === null ? CERTIFIED : { kind: 'raters', bar }
  }
  if (!(delta > 0)) return { kind: 'never', reason: 'no_gap' }
  const sampling = uncertainty.designEffect.total * varianceBetween(uncertainty.V0, n, pair)
  const matchup = Math.max(0, variance - sampling)
  const room = varianceForEvidence(target.logThreshold, delta) - matchup
  if (!(room > 1e-12 * variance)) return { kind: 'never', reason: 'matchups_differ' }
  const factor = sampling / room
  const votes = fit.N.reduce((sum, count) => sum + count, 0)
  return { kind: 'votes', factor, moreVotes: Math.ceil((factor - 1) * votes) }
}

export interface GapToCertify {
  /** The gap in natural units, above 0. */
  readonly gap: number
  /** T itself: 1/α for one question, n(n − 1)/α for a new board of n models. */
  readonly threshold: number
  /** φ: how much votes vary, beside coin flips without ties. */
  readonly dispersion: number
  readonly tau?: number
}

/** Votes between two models, alone in the world, that certify a gap between them. */
export function votesToCertify({ gap, threshold, dispersion, tau = TAU }: GapToCertify): {
  readonly variance: number
  readonly votes: number
} {
  const variance = varianceForEvidence(Math.log(threshold), gap, tau)
  const pq = logistic(gap) * logistic(-gap)
  return { variance, votes: Math.ceil(dispersion / (variance * pq)) }
}
