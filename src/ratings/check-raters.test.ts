import { expect, test } from 'vitest'
import { pairsOf, rate } from '../../tests/support/rated-board.ts'
import { checkRaters } from './check-raters.ts'
import { claimBoard } from './claim-board.ts'
import type { Votes } from './types.ts'

/** Votes of raters on a chain of n models; `counts` are each rater's votes on each pair. */
function votesBy(n: number, counts: readonly number[], unnamed = 0): Votes {
  const all = counts.reduce((sum, count) => sum + count, unnamed)
  const rows = Array.from({ length: n - 1 }, (_, a) => [a, a + 1, all, 0, 0] as const)
  const pairs = pairsOf(n, rows)
  const size = counts.length * (n - 1)
  const at = (fill: (rater: number, pair: number) => number) =>
    Array.from({ length: size }, (_, row) => fill(Math.floor(row / (n - 1)), row % (n - 1)))
  const none = new Float64Array(size)
  const raters = {
    clusters: counts.length,
    cluster: Int32Array.from(at((rater) => rater)),
    pair: Int32Array.from(at((_, pair) => pair)),
    firstWins: Float64Array.from(at((rater) => counts[rater] ?? 0)),
    secondWins: none,
    ties: none,
    bothBad: none,
  }
  return { pairs, raters, prompts: null }
}

test('several raters certify from (k − 1)(n − 1) = 10 on', () => {
  expect(checkRaters(votesBy(2, new Array(10).fill(5))).bar).toBe('too_few_raters')
  expect(checkRaters(votesBy(2, new Array(11).fill(5))).bar).toBeNull()
  expect(checkRaters(votesBy(6, [5, 5])).bar).toBe('too_few_raters')
  expect(checkRaters(votesBy(6, [5, 5, 5])).bar).toBeNull()
})

test('a rater with more than half of the votes bars the board', () => {
  expect(checkRaters(votesBy(11, [10, 5, 5])).bar).toBeNull()
  const barred = checkRaters(votesBy(11, [11, 5, 5]))
  expect(barred.bar).toBe('one_rater_majority')
  expect(barred.largestShare).toBeCloseTo(11 / 21, 12)
})

test("one rater's board has no rule but is one person's taste", () => {
  const rules = checkRaters(votesBy(3, [40]))
  expect(rules).toEqual({ bar: null, raters: 1, largestShare: 1, isOnePerson: true })
})

test('raters who cast no vote do not count', () => {
  expect(checkRaters(votesBy(3, [0, 40, 0])).isOnePerson).toBe(true)
})

test('unknown raters are independent ones', () => {
  const { pairs } = votesBy(3, [40])
  const unknown = { bar: null, raters: null, largestShare: null, isOnePerson: false }
  expect(checkRaters({ pairs, raters: null, prompts: null })).toEqual(unknown)
  const mixed = checkRaters(votesBy(3, [5], 40))
  expect([mixed.bar, mixed.isOnePerson, mixed.raters]).toEqual([null, false, 1])
})

test('a barred board certifies nothing, however strong its evidence, and still leans', () => {
  const claims = claimBoard(rate(votesBy(3, [300, 300])))
  expect(claims.rules.bar).toBe('too_few_raters')
  expect(claims.certified.every((value) => value === 0)).toBe(true)
  expect(claims.claims.map(({ status }) => status)).not.toContain('certified')
})
