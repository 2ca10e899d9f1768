import { assert } from '../kernel/index.ts'
import { at } from './at.ts'
import { inverseOf } from './dense.ts'
import { logistic, logLogistic } from './logistic.ts'
import { type Concave, maximise } from './maximise.ts'
import { sum } from './sum.ts'
import type { Matrix, PairCounts } from './types.ts'
import type { Acceptability, UnacceptableReason } from './types-models.ts'

/** β beyond this many logits on real boards means that it has no end. */
const FARTHEST = 25

export interface AcceptabilityOptions {
  /** Weight of ½·ridge·Σβ²: 0, the exact optimum, when absent. */
  readonly ridge?: number
}

/**
 * How acceptable each model's answers are, from votes that found both bad: P(both bad) =
 * σ(κ − (β_i + β_j)/2), Σβ = 0 over the models that have votes. Where it is not identified, or
 * infinite, there is no column but a reason; a ridge makes `separated` boards finite.
 */
export function fitAcceptability(
  counts: PairCounts,
  { ridge = 0 }: AcceptabilityOptions = {},
): Acceptability | UnacceptableReason {
  const board = boardOf(counts, ridge)
  const votes = sum(board.votes)
  const bad = sum(board.bad)
  if (bad === 0) return 'no_both_bad'
  if (bad === votes) return 'only_both_bad'
  const start = new Float64Array(board.members.length).fill(Math.log((votes - bad) / bad) / 2)
  if (isBipartite(board)) return 'bipartite'
  const found = maximise(problemOf(board), start)
  if (found === null) return 'separated'
  const mean = sum(found.x) / found.x.length
  if (found.x.some((a) => Math.abs(2 * (a - mean)) > FARTHEST)) return 'separated'
  return describe(board, found.x, counts.models.length)
}

/**
 * The board by a_i = (β_i − κ)/2, so that P(both bad) = σ(−(a_i + a_j)): every model with votes has
 * a number of its own, and no gauge is needed.
 */
interface Board {
  /** The models with votes, and where each pair's ends are among them. */
  readonly members: readonly number[]
  readonly first: Int32Array
  readonly second: Int32Array
  readonly bad: Float64Array
  readonly votes: Float64Array
  readonly ridge: number
}

function boardOf(counts: PairCounts, ridge: number): Board {
  const members = [...new Set([...counts.first, ...counts.second])].toSorted((i, j) => i - j)
  const place = new Map(members.map((model, index) => [model, index]))
  return {
    members,
    first: counts.first.map((model) => place.get(model) ?? 0),
    second: counts.second.map((model) => place.get(model) ?? 0),
    bad: counts.bothBad,
    votes: counts.bothBad.map(
      (bad, e) => bad + at(counts.ties, e) + at(counts.firstWins, e) + at(counts.secondWins, e),
    ),
    ridge,
  }
}

/** Whether some component has no odd cycle: then a_i + s and a_j − s fit as well. */
function isBipartite({ members, first, second }: Board): boolean {
  const near = members.map((): number[] => [])
  for (let e = 0; e < first.length; e++) {
    near[at(first, e)]?.push(at(second, e))
    near[at(second, e)]?.push(at(first, e))
  }
  const side = new Int8Array(members.length)
  return members.some((_, root) => side[root] === 0 && isTwoSided(near, side, root))
}

/** Whether the component of `root` falls into two sides. Fills in the side, 1 or −1, of each. */
function isTwoSided(near: readonly number[][], side: Int8Array, root: number): boolean {
  const queue = [root]
  side[root] = 1
  let isTwo = true
  for (const model of queue)
    for (const other of near[model] ?? []) {
      if (side[other] === side[model]) isTwo = false
      if (side[other] !== 0) continue
      side[other] = -at(side, model)
      queue.push(other)
    }
  return isTwo
}

function problemOf(board: Board): Concave {
  const { first, second, bad, votes, ridge } = board
  return {
    value: (a) => logLikelihood(board, a) - 2 * ridge * squares(a),
    slope(a) {
      const mean = sum(a) / a.length
      const gradient = a.map((number) => -4 * ridge * (number - mean))
      for (let e = 0; e < first.length; e++) {
        const [i, j] = [at(first, e), at(second, e)]
        const slope = at(votes, e) * logistic(-at(a, i) - at(a, j)) - at(bad, e)
        gradient[i] = at(gradient, i) + slope
        gradient[j] = at(gradient, j) + slope
      }
      return { gradient, curvature: curvatureOf(board, a, ridge) }
    },
  }
}

function logLikelihood({ first, second, bad, votes }: Board, a: Float64Array): number {
  let total = 0
  for (let e = 0; e < first.length; e++) {
    const z = at(a, at(first, e)) + at(a, at(second, e))
    total += at(bad, e) * logLogistic(-z) + (at(votes, e) - at(bad, e)) * logLogistic(z)
  }
  return total
}

/** Σ(a − mean)²: a quarter of Σβ². */
function squares(a: Float64Array): number {
  const mean = sum(a) / a.length
  return a.reduce((total, number) => total + (number - mean) ** 2, 0)
}

function curvatureOf({ first, second, votes }: Board, a: Float64Array, ridge: number): Matrix {
  const n = a.length
  const curvature = new Float64Array(n * n).fill((-4 * ridge) / n)
  for (let i = 0; i < n; i++) curvature[i * n + i] = 4 * ridge * (1 - 1 / n)
  for (let e = 0; e < first.length; e++) {
    const [i, j] = [at(first, e), at(second, e)]
    const z = at(a, i) + at(a, j)
    const weight = at(votes, e) * logistic(z) * logistic(-z)
    for (const index of [i * n + i, j * n + j, i * n + j, j * n + i])
      curvature[index] = at(curvature, index) + weight
  }
  return curvature
}

function describe(board: Board, a: Float64Array, models: number): Acceptability {
  const n = a.length
  const mean = sum(a) / n
  const inverse = inverseOf(curvatureOf(board, a, board.ridge), n)
  assert(inverse !== null, 'the curvature at a maximum has an inverse')
  const rows = a.map((_, i) => sum(inverse.subarray(i * n, i * n + n)) / n)
  const all = sum(rows) / n
  const beta = new Float64Array(models).fill(Number.NaN)
  const se = new Float64Array(models).fill(Number.NaN)
  for (const [i, model] of board.members.entries()) {
    beta[model] = 2 * (at(a, i) - mean)
    se[model] = 2 * Math.sqrt(Math.max(0, at(inverse, i * n + i) - 2 * at(rows, i) + all))
  }
  return {
    kappa: -2 * mean,
    beta,
    se,
    ridge: board.ridge,
    logLikelihood: logLikelihood(board, a),
  }
}
