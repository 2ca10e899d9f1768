import { describe, expect, it } from 'vitest'
import { pairsOf } from '../../tests/support/rated-board.ts'
import { checkPairCounts } from './check-counts.ts'
import { fitRatings } from './fit-ratings.ts'
import type { PairCounts } from './types.ts'

describe('pair counts that break a rule', () => {
  const good = pairsOf(3, [
    [0, 1, 1, 2, 0],
    [1, 2, 1, 0, 0],
  ])
  const one = (value: number): Float64Array => Float64Array.of(value, 1)
  const bad: readonly (readonly [string, Partial<PairCounts>])[] = [
    ['holds no number of votes', { firstWins: one(-1) }],
    ['holds no number of votes', { ties: one(Number.NaN) }],
    ['holds Infinity votes', { bothBad: one(Number.POSITIVE_INFINITY) }],
    ['holds 0 votes', { firstWins: one(0), secondWins: one(0) }],
    ['does not name two models', { second: Int32Array.of(1, 1) }],
    ['does not name two models', { second: Int32Array.of(1, 3) }],
    ['out of order', { first: Int32Array.of(1, 0), second: Int32Array.of(2, 1) }],
    ['there twice', { first: Int32Array.of(0, 0), second: Int32Array.of(1, 1) }],
    ['in every column', { ties: Float64Array.of(1) }],
    ['Sort the models', { models: ['b', 'a', 'c'] }],
    ['Sort the models', { models: ['a', 'a', 'c'] }],
  ]

  it.each(bad)('is refused: %s', (why, change) => {
    expect(() => checkPairCounts({ ...good, ...change })).toThrow(why)
    expect(() => fitRatings({ ...good, ...change })).toThrow(why)
  })
})
