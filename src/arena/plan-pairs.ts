import { choosePairs, claimBoard, type PairPlan, rateBoard } from '../ratings/index.ts'
import type { PairVotes } from './arena-means.ts'
import { planEvenly } from './draw-contestants.ts'

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
  if (rows.length === 0) return planEvenly([...models.keys()])
  const board = rateBoard({ pairs, raters: null, prompts: null })
  return choosePairs(board, claimBoard(board), { floors })
}
