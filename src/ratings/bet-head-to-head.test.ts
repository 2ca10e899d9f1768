import { expect, test } from 'vitest'
import { logHeadToHead } from './bet-head-to-head.ts'

test('wealth is 1 before the first vote', () => {
  expect(logHeadToHead(0, 0)).toBeCloseTo(0, 12)
})

test('a fair coin neither makes nor loses wealth on average', () => {
  // All sequences of 12 votes, each as likely, are the binomial law.
  let [mean, ways] = [0, 1]
  for (let wins = 0; wins <= 12; wins++) {
    mean += (ways / 2 ** 12) * Math.exp(logHeadToHead(wins, 12 - wins))
    ways = (ways * (12 - wins)) / (wins + 1)
  }
  expect(mean).toBeCloseTo(1, 12)
})

test('small edges are bet on too: the smallest stake is 1/181 of the wealth', () => {
  const stakes = Array.from({ length: 14 }, (_, k) => Math.SQRT1_2 ** k / 2)
  expect(1 / (stakes.at(-1) ?? 0)).toBeCloseTo(181.02, 2)
  const wealth = stakes.map((stake) => (1 + stake) ** 520 * (1 - stake) ** 480)
  const mean = wealth.reduce((sum, one) => sum + one, 0) / 14
  expect(logHeadToHead(520, 480)).toBeCloseTo(Math.log(mean), 9)
})

test('votes that repeat themselves make less evidence, and a million stays finite', () => {
  expect(logHeadToHead(90, 30, 4)).toBeLessThan(logHeadToHead(90, 30))
  expect(logHeadToHead(90, 30, 4)).toBeGreaterThan(0)
  expect(Number.isFinite(logHeadToHead(1e6, 10))).toBe(true)
  expect(Number.isFinite(logHeadToHead(10, 1e6))).toBe(true)
})
