import { assert } from '../kernel/index.ts'
import { at } from './at.ts'
import { logistic } from './logistic.ts'
import type { Fit } from './types.ts'
import { ALPHA } from './weigh-evidence.ts'

/** Votes of a model in a block. */
export const BLOCK_VOTES = 100
/** The change that is looked for, in natural units: smaller than what claims bet on. */
const DRIFT_TAU = 0.3

/** A block of a model's votes in a row: who it met, how often, and the points it got. */
export interface Block {
  /** Per opponent: its index among the board's models. */
  readonly opponent: Int32Array
  readonly votes: Float64Array
  /** Points against each: a win 1, a tie or both bad ½. */
  readonly points: Float64Array
}

/** What one block says: score residual Σ(y − p) and information Σ pq of the model. */
export interface BlockSum {
  readonly score: number
  readonly information: number
}

export interface DriftOptions {
  readonly dispersion: number
  /** 1 when absent. */
  readonly designEffect?: number
  /** How large a change is looked for, in natural units: 0.3 when absent. */
  readonly tau?: number
}

/** Evidence that a model is not what it was. `alarm` comes at log E ≥ ln(n/α), `flag` at ln 20. */
export interface Drift {
  readonly logE: number
  readonly status: 'steady' | 'flag' | 'alarm'
  /** The first block after the likeliest change; null: steady. */
  readonly changedAt: number | null
}

/** Sums of each block under a fit: what a refit needs of past votes is in the blocks. */
export function sumBlocks(fit: Fit, model: number, blocks: readonly Block[]): BlockSum[] {
  return blocks.map(({ opponent, votes, points }) => {
    let [score, information] = [0, 0]
    for (let k = 0; k < opponent.length; k++) {
      const apart = at(fit.theta, model) - at(fit.theta, at(opponent, k))
      const [p, q] = [logistic(apart), logistic(-apart)]
      score += at(points, k) - at(votes, k) * p
      information += at(votes, k) * p * q
    }
    return { score, information }
  })
}

/**
 * log E of the claim that a model changed between two of its blocks, summed over all boundaries
 * with weights 1/((k+1)(k+2)); a boundary without information counts 1.
 */
export function weighDrift(blocks: readonly BlockSum[], options: DriftOptions): number {
  const terms = boundaryTerms(blocks, options)
  // The weight of boundaries that are still to come counts as it stands.
  const unused = -Math.log(terms.length + 1)
  return logSum([...terms, unused])
}

/** How a model of a board of `models` stands: see `Drift`. */
export function judgeDrift(
  blocks: readonly BlockSum[],
  { models, ...options }: DriftOptions & { readonly models: number },
): Drift {
  const logE = weighDrift(blocks, options)
  const isFlagged = logE >= Math.log(1 / ALPHA)
  const status = logE >= Math.log(models / ALPHA) && isFlagged ? 'alarm' : 'flag'
  if (!isFlagged) return { logE, status: 'steady', changedAt: null }
  const terms = boundaryTerms(blocks, options)
  return { logE, status, changedAt: terms.indexOf(largestOf(terms)) + 1 }
}

/** The logarithm of each boundary's weighted evidence. */
function boundaryTerms(blocks: readonly BlockSum[], options: DriftOptions): number[] {
  const { dispersion, designEffect = 1, tau = DRIFT_TAU } = options
  assert(dispersion > 0 && designEffect >= 1 && tau > 0, 'dispersion, design effect, tau')
  const U = blocks.reduce((sum, { score }) => sum + score, 0)
  const I = blocks.reduce((sum, { information }) => sum + information, 0)
  let [before, known] = [0, 0]
  return blocks.slice(0, -1).map(({ score, information }, k) => {
    before += score
    known += information
    const weight = -Math.log((k + 1) * (k + 2))
    const rest = I - known
    if (!(known > 0 && rest > 0)) return weight
    const delta = (U - before) / rest - before / known
    const variance = (designEffect * dispersion * I) / (known * rest)
    const rho = tau ** 2 / (variance + tau ** 2)
    return weight + Math.log1p(-rho) / 2 + (rho * delta ** 2) / variance / 2
  })
}

/** By a loop: as arguments, the blocks of some ten million votes would overflow the stack. */
function largestOf(numbers: readonly number[]): number {
  return numbers.reduce((most, number) => Math.max(most, number), Number.NEGATIVE_INFINITY)
}

function logSum(logs: readonly number[]): number {
  const most = largestOf(logs)
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0))
}
