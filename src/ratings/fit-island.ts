import { assert } from '../kernel/index.ts'
import type { Island } from './islands.ts'
import {
  centreInverse,
  factoriseGraph,
  invertGraph,
  logDeterminantOfGraph,
  solveGraph,
} from './laplacian.ts'
import type { Fit, Matrix } from './types.ts'

/** The fit of one island; its arrays have the island's own indexes. */
export interface IslandFit {
  readonly theta: Float64Array
  readonly p: Float64Array
  readonly q: Float64Array
  /** N·pq per pair. */
  readonly weight: Float64Array
  readonly R: Float64Array
  /** The lower triangle of V. */
  readonly V: Matrix
  readonly logLikelihood: number
  readonly gradientNorm: number
  readonly steps: number
}

/** The recipe: steps are cut to 2, halved while the objective falls, and end at 1e-12. */
const LONGEST_STEP = 2
const SHORTEST_STEP = 1e-12
const SHORT_STEP = 1e-9
const FARTHEST_START = 40
const MOST_STEPS = 500
const MOST_HALVINGS = 60

interface Work {
  readonly island: Island
  readonly method: Fit['method']
  readonly theta: Float64Array
  readonly p: Float64Array
  readonly q: Float64Array
  readonly weight: Float64Array
  readonly R: Float64Array
  /** What the penalty makes of `weight`, for the step. */
  readonly curvature: Float64Array
  readonly gradient: Float64Array
  readonly step: Float64Array
  /** n × n: the factor of L or K, room for its inverse, and V but for its gauge. */
  readonly factor: Matrix
  readonly scratch: Matrix
  readonly V: Matrix
  logLikelihood: number
  objective: number
}

/**
 * The strengths that maximise the (penalised) likelihood of one island, from `start` (in the
 * island's order; absent: from 0). For `mle` a maximum must exist.
 */
export function fitIsland(
  island: Island,
  method: Fit['method'],
  start: Float64Array | null,
): IslandFit {
  const work = openWork(island, method)
  if (start !== null && beginAt(work, start)) {
    const climbed = climb(work)
    if (climbed !== null) return climbed
  }
  work.theta.fill(0)
  evaluate(work)
  const climbed = climb(work)
  assert(climbed !== null, 'ratings: the fit of an island does not settle')
  return climbed
}

/** Newton's steps to the top; null: they do not end. */
function climb(work: Work): IslandFit | null {
  let before = Number.POSITIVE_INFINITY
  for (let steps = 0; steps < MOST_STEPS; steps += 1) {
    findCovariance(work)
    const gradientNorm = findGradient(work)
    const size = findStep(work)
    if (size < SHORTEST_STEP || (size < SHORT_STEP && size >= before)) {
      centreInverse(work.V, work.island.n)
      return { ...work, gradientNorm, steps }
    }
    if (!Number.isFinite(size)) return null
    takeStep(work, size)
    before = size
  }
  return null
}

function openWork(island: Island, method: Fit['method']): Work {
  const { n } = island
  const m = island.N.length
  return {
    island,
    method,
    theta: new Float64Array(n),
    p: new Float64Array(m),
    q: new Float64Array(m),
    weight: new Float64Array(m),
    R: new Float64Array(m),
    curvature: new Float64Array(m),
    gradient: new Float64Array(n),
    step: new Float64Array(n),
    factor: new Float64Array(n * n),
    scratch: new Float64Array(n * n),
    V: new Float64Array(n * n),
    logLikelihood: 0,
    objective: 0,
  }
}

/** Starts within what the numbers can hold. Returns false where there is no start. */
function beginAt(work: Work, start: Float64Array): boolean {
  const { theta } = work
  theta.set(start)
  centre(theta)
  for (let i = 0; i < theta.length; i += 1)
    theta[i] = Math.min(FARTHEST_START, Math.max(-FARTHEST_START, theta[i] as number))
  evaluate(work)
  return Number.isFinite(work.objective)
}

/** What maximises is known up to a constant: the mean of an island is 0. */
function centre(theta: Float64Array): void {
  let sum = 0
  for (let i = 0; i < theta.length; i += 1) sum += theta[i] as number
  const mean = sum / theta.length
  for (let i = 0; i < theta.length; i += 1) theta[i] = (theta[i] as number) - mean
}

/**
 * The objective at θ, with p, q, N·pq and the factor of L that it takes. −∞ so far out that the
 * Laplacian of what the votes can tell there is lost to rounding.
 */
function evaluate(work: Work): void {
  const { island, theta, p, q, weight } = work
  let logLikelihood = 0
  for (let e = 0; e < p.length; e += 1) {
    const x =
      (theta[island.first[e] as number] as number) - (theta[island.second[e] as number] as number)
    // The smaller of p and q comes of a small number: neither is ever 1 minus the other.
    const small = Math.exp(-Math.abs(x))
    const likely = 1 / (1 + small)
    const unlikely = small * likely
    p[e] = x >= 0 ? likely : unlikely
    q[e] = x >= 0 ? unlikely : likely
    const N = island.N[e] as number
    const S = island.S[e] as number
    weight[e] = N * likely * unlikely
    logLikelihood -= N * Math.log1p(small) + Math.abs(x) * (x >= 0 ? N - S : S)
  }
  const isSound = factoriseLaplacian(work, weight)
  work.logLikelihood = logLikelihood
  work.objective = isSound ? logLikelihood : Number.NEGATIVE_INFINITY
  if (isSound && work.method === 'penalised')
    work.objective += logDeterminantOfGraph(work.factor, island.n) / 2
}

/** Factors the Laplacian of these weights; false where that fails. */
function factoriseLaplacian({ island, factor }: Work, weight: Float64Array): boolean {
  const { n, first, second } = island
  factor.fill(0)
  for (let e = 0; e < weight.length; e += 1) {
    const i = first[e] as number
    const j = second[e] as number
    factor[Math.max(i, j) * n + Math.min(i, j)] = weight[e] as number
  }
  return factoriseGraph(factor, n)
}

/** V but for its gauge, below and on the diagonal, and R of each pair, from the factor of L. */
function findCovariance({ island, V, R, weight, factor, scratch }: Work): void {
  const { n, first, second } = island
  invertGraph(factor, n, { inverse: V, scratch })
  // R knows nothing of the gauge: it is the same in every entry of a row and of a column.
  for (let e = 0; e < R.length; e += 1) {
    const i = first[e] as number
    const j = second[e] as number
    const between = V[Math.max(i, j) * n + Math.min(i, j)] as number
    const apart = (V[i * n + i] as number) + (V[j * n + j] as number) - 2 * between
    // A pair is never less sure than its own votes make it: so much for rounding far out.
    R[e] = Math.min(1 / (weight[e] as number), Math.max(0, apart))
  }
}

/** The gradient of the objective. Returns the largest |part|. */
function findGradient({ island, method, gradient, p, q, weight, R }: Work): number {
  gradient.fill(0)
  for (let e = 0; e < p.length; e += 1) {
    const h = method === 'penalised' ? (weight[e] as number) * (R[e] as number) : 0
    const S = island.S[e] as number
    const lost = (island.N[e] as number) - S
    const half = ((q[e] as number) - (p[e] as number)) / 2
    // S − Np, as what was won of the unlikely and lost of the likely.
    const g = S * (q[e] as number) - lost * (p[e] as number) + h * half
    const i = island.first[e] as number
    const j = island.second[e] as number
    gradient[i] = (gradient[i] as number) + g
    gradient[j] = (gradient[j] as number) - g
  }
  return largest(gradient)
}

/** The Newton step, with the curvature that the penalty adds. Returns its largest |part|. */
function findStep(work: Work): number {
  const { island, method, p, q, weight, R, curvature, step } = work
  if (method === 'penalised') {
    for (let e = 0; e < weight.length; e += 1)
      curvature[e] =
        (weight[e] as number) * (1 + (p[e] as number) * (q[e] as number) * (R[e] as number))
    assert(factoriseLaplacian(work, curvature), 'ratings: a step without curvature')
  }
  step.set(work.gradient)
  solveGraph(work.factor, island.n, step)
  centre(step)
  return largest(step)
}

/** Goes along the step as far as the objective does not fall. */
function takeStep(work: Work, size: number): void {
  const { theta, step, objective } = work
  const from = theta.slice()
  let share = Math.min(1, LONGEST_STEP / size)
  for (let halvings = 0; ; halvings += 1) {
    for (let i = 0; i < theta.length; i += 1)
      theta[i] = (from[i] as number) + share * (step[i] as number)
    centre(theta)
    evaluate(work)
    const lost = objective - work.objective
    if (lost <= 1e-12 * (1 + Math.abs(objective)) || halvings === MOST_HALVINGS) return
    share /= 2
  }
}

function largest(of: Float64Array): number {
  let most = 0
  for (let i = 0; i < of.length; i += 1) most = Math.max(most, Math.abs(of[i] as number))
  return most
}
