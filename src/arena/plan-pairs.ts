import { choosePairs, claimBoard, type PairPlan, rateBoard } from '../ratings/index.ts'
import type { PairVotes } from './arena-means.ts'

/** Of draws, the share that each model is in at least: an even share is 2 of n. */
const FLOOR = 0.5

/**
 * How likely each pair of models is to be drawn: where a vote teaches most, each model kept above
 * its floor. Indexes are those of `models`, which are in ascending order.
 */
export function planPairs(models: readonly string[], votes: readonly PairVotes[]): PairPlan {
  const places = new Map(models.map((model, at) => [model, at]))
  const rows = votes
    .flatMap(({ first, second, counts }) => {
      const [a, b] = [places.get(first), places.get(second)]
      if (a === undefined || b === undefined || counts.every((count) => count === 0)) return []
      const [wins, losses, ties, bad] = counts
      return [
        a < b
          ? { a, b, wins, losses, ties, bad }
          : { a: b, b: a, wins: losses, losses: wins, ties, bad },
      ]
    })
    .toSorted((x, y) => x.a - y.a || x.b - y.b)
  const pairs = {
    models,
    first: Int32Array.from(rows, ({ a }) => a),
    second: Int32Array.from(rows, ({ b }) => b),
    firstWins: Float64Array.from(rows, ({ wins }) => wins),
    secondWins: Float64Array.from(rows, ({ losses }) => losses),
    ties: Float64Array.from(rows, ({ ties }) => ties),
    bothBad: Float64Array.from(rows, ({ bad }) => bad),
  }
  const floors = models.map(() => FLOOR / models.length)
  if (rows.length === 0) return evenPlan(models.length)
  const board = rateBoard({ pairs, raters: null, prompts: null })
  return choosePairs(board, claimBoard(board), { floors })
}

/** Nothing is known: all pairs alike. */
function evenPlan(n: number): PairPlan {
  const pairs: [number, number][] = []
  for (let a = 0; a < n; a++) for (let b = a + 1; b < n; b++) pairs.push([a, b])
  return {
    first: Int32Array.from(pairs, ([a]) => a),
    second: Int32Array.from(pairs, ([, b]) => b),
    probability: Float64Array.from(pairs, () => 1 / pairs.length),
  }
}
