import { assert } from '../kernel/index.ts'
import { at } from './at.ts'
import { addEdge, addGauges, addTo, cutBlock, type Edge, inverseOf, sandwich } from './dense.ts'
import { refuse } from './errors.ts'
import { findComponents } from './find-components.ts'
import { logistic, logLogistic } from './logistic.ts'
import { type Concave, maximise } from './maximise.ts'
import { sum } from './sum.ts'
import type { Matrix, PairCounts } from './types.ts'
import type { TieFit, TieModel } from './types-models.ts'

/**
 * What one pair's votes say at a difference x = θ_i − θ_j and a parameter k: log-likelihood of
 * each outcome (i, j, tie), its slopes by x and k, and minus the second derivatives of all N votes.
 */
interface Terms {
  readonly log: readonly [number, number, number]
  readonly byX: readonly [number, number, number]
  readonly byK: readonly [number, number, number]
  readonly curve: { readonly xx: number; readonly xk: number; readonly kk: number }
}

type Counts = readonly [number, number, number]
type Outcomes = (x: number, k: number, counts: Counts) => Terms

/** P(i) = σ(x − k), P(j) = σ(−x − k), P(tie) = (e^2k − 1)·P(i)·P(j), k > 0. */
const raoKupper: Outcomes = (x, k, [w, l, t]) => {
  const ofI = logLogistic(x - k)
  const ofJ = logLogistic(-x - k)
  const [missI, missJ] = [logistic(k - x), logistic(k + x)]
  const both = -Math.expm1(-2 * k) // 1 − e^−2k
  const tieByK = 2 / both
  const [a, b] = [(w + t) * missI * logistic(x - k), (l + t) * missJ * logistic(-x - k)]
  return {
    log: [ofI, ofJ, 2 * k + Math.log(both) + ofI + ofJ],
    byX: [missI, -missJ, missI - missJ],
    byK: [-missI, -missJ, tieByK - missI - missJ],
    curve: { xx: a + b, xk: b - a, kk: a + b + (t * 4 * Math.exp(-2 * k)) / (both * both) },
  }
}

/** Weights e^x/2, e^−x/2 and e^d of i, j and a tie. */
const davidson: Outcomes = (x, d, [w, l, t]) => {
  const top = Math.max(Math.abs(x) / 2, d)
  const [eI, eJ, eT] = [Math.exp(x / 2 - top), Math.exp(-x / 2 - top), Math.exp(d - top)]
  const sum = eI + eJ + eT
  const [pI, pJ, pT] = [eI / sum, eJ / sum, eT / sum]
  const log = top + Math.log(sum)
  const mean = (pI - pJ) / 2
  const N = w + l + t
  return {
    log: [x / 2 - log, -x / 2 - log, d - log],
    byX: [0.5 - mean, -0.5 - mean, -mean],
    byK: [-pT, -pT, 1 - pT],
    curve: { xx: N * ((pI + pJ) / 4 - mean * mean), xk: -N * mean * pT, kk: N * pT * (1 - pT) },
  }
}

/**
 * The exact optimum of Rao and Kupper's or Davidson's model of ties, unpenalised. Votes that found
 * both answers bad are left out. Refuses with `ratings_tie_parameter_missing` when there is no tie
 * or nothing else, with `ratings_no_maximum` when some strength would be infinite.
 */
export function fitTies(counts: PairCounts, method: TieModel): TieFit {
  const pairs = withoutBothBad(counts)
  const { component, components } = findComponents(pairs)
  const outcomes = method === 'davidson' ? davidson : raoKupper
  const tieShare = shareOfTies(pairs)
  const n = pairs.models.length
  const start = new Float64Array(n + 1)
  start[n] = startingParameter(method, tieShare)
  const board: Board = { pairs, outcomes, component, components }
  const found = maximise(problemOf(board), start)
  if (found === null)
    throw refuse(
      'ratings_no_maximum',
      `${method} has no maximum here: somebody only won or only lost. Use the default method.`,
    )
  const theta = found.x.slice(0, n)
  return {
    method,
    pairs,
    theta,
    component,
    components,
    parameter: at(found.x, n),
    covariance: sandwichOf(board, found.x),
    logLikelihood: found.value,
    votes: votesOf(pairs),
    gradientNorm: found.gradientNorm,
    steps: found.steps,
  }
}

interface Board {
  readonly pairs: PairCounts
  readonly outcomes: Outcomes
  readonly component: Int32Array
  readonly components: number
}

/** The pairs that hold a vote other than both-bad. */
export function withoutBothBad(counts: PairCounts): PairCounts {
  const kept: number[] = []
  for (let e = 0; e < counts.first.length; e++)
    if (at(counts.firstWins, e) + at(counts.secondWins, e) + at(counts.ties, e) > 0) kept.push(e)
  return {
    models: counts.models,
    first: Int32Array.from(kept, (e) => at(counts.first, e)),
    second: Int32Array.from(kept, (e) => at(counts.second, e)),
    firstWins: Float64Array.from(kept, (e) => at(counts.firstWins, e)),
    secondWins: Float64Array.from(kept, (e) => at(counts.secondWins, e)),
    ties: Float64Array.from(kept, (e) => at(counts.ties, e)),
    bothBad: new Float64Array(kept.length),
  }
}

function votesOf({ firstWins, secondWins, ties }: PairCounts): number {
  return sum(firstWins) + sum(secondWins) + sum(ties)
}

function shareOfTies(pairs: PairCounts): number {
  const share = sum(pairs.ties) / votesOf(pairs)
  if (share > 0 && share < 1) return share
  throw refuse(
    'ratings_tie_parameter_missing',
    share === 1
      ? 'Every vote is a tie, so a model of ties has no parameter. Use the default method.'
      : 'No vote is a tie, so a model of ties has no parameter. Use the default method.',
  )
}

/** The parameter at which equal models tie as often as these do. */
function startingParameter(method: TieModel, share: number): number {
  return method === 'davidson'
    ? Math.log((2 * share) / (1 - share))
    : Math.log((1 + share) / (1 - share))
}

function countsOf(pairs: PairCounts, e: number): Counts {
  return [at(pairs.firstWins, e), at(pairs.secondWins, e), at(pairs.ties, e)]
}

function problemOf(board: Board): Concave {
  const { pairs, outcomes } = board
  const n = pairs.models.length
  const termsAt = (x: Float64Array, e: number, counts: Counts) =>
    outcomes(at(x, at(pairs.first, e)) - at(x, at(pairs.second, e)), at(x, n), counts)
  return {
    value(x) {
      if (outcomes === raoKupper && at(x, n) <= 0) return Number.NaN
      let total = 0
      for (let e = 0; e < pairs.first.length; e++) {
        const counts = countsOf(pairs, e)
        const { log } = termsAt(x, e, counts)
        total += counts[0] * log[0] + counts[1] * log[1] + counts[2] * log[2]
      }
      return total
    },
    slope(x) {
      const gradient = new Float64Array(n + 1)
      for (let e = 0; e < pairs.first.length; e++) {
        const [w, l, t] = countsOf(pairs, e)
        const { byX, byK } = termsAt(x, e, [w, l, t])
        const slope = w * byX[0] + l * byX[1] + t * byX[2]
        addTo(gradient, at(pairs.first, e), slope)
        addTo(gradient, at(pairs.second, e), -slope)
        addTo(gradient, n, w * byK[0] + l * byK[1] + t * byK[2])
      }
      return { gradient, curvature: curvatureOf(board, x) }
    },
  }
}

/** Minus the second derivatives, (n + 1)², with a gauge for each component. */
function curvatureOf({ pairs, outcomes, component, components }: Board, x: Float64Array): Matrix {
  const n = pairs.models.length
  const size = n + 1
  const curvature = new Float64Array(size * size)
  for (let e = 0; e < pairs.first.length; e++) {
    const [i, j] = [at(pairs.first, e), at(pairs.second, e)]
    const { xx, xk, kk } = outcomes(at(x, i) - at(x, j), at(x, n), countsOf(pairs, e)).curve
    addEdge(curvature, size, { i, j, by: xx })
    spreadEdge(curvature, size, { i, j, by: xk })
    addTo(curvature, n * size + n, kk)
  }
  addGauges(curvature, size, { component, components })
  return curvature
}

/** Adds `by` times (e_i − e_j)·e_lastᵀ and its transpose. */
function spreadEdge(matrix: Matrix, size: number, { i, j, by }: Edge): void {
  const last = size - 1
  addTo(matrix, last * size + i, by)
  addTo(matrix, last * size + j, -by)
  addTo(matrix, i * size + last, by)
  addTo(matrix, j * size + last, -by)
}

/** H⁻¹·B·H⁻¹ of θ, B the sum of squared scores of all votes. */
function sandwichOf(board: Board, x: Float64Array): Matrix {
  const { pairs, outcomes } = board
  const n = pairs.models.length
  const size = n + 1
  const filling = new Float64Array(size * size)
  for (let e = 0; e < pairs.first.length; e++) {
    const [i, j] = [at(pairs.first, e), at(pairs.second, e)]
    const counts = countsOf(pairs, e)
    const { byX, byK } = outcomes(at(x, i) - at(x, j), at(x, n), counts)
    for (const [outcome, votes] of counts.entries()) {
      const [gx, gk] = [byX[outcome] ?? 0, byK[outcome] ?? 0]
      addEdge(filling, size, { i, j, by: votes * gx * gx })
      spreadEdge(filling, size, { i, j, by: votes * gx * gk })
      addTo(filling, n * size + n, votes * gk * gk)
    }
  }
  const inverse = inverseOf(curvatureOf(board, x), size)
  assert(inverse !== null, 'the curvature at a maximum has an inverse')
  return cutBlock(sandwich(inverse, filling, size), size, n)
}
