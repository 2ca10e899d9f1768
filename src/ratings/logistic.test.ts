import { expect, test } from 'vitest'
import { logistic, logLogistic } from './logistic.ts'

test('σ and its logarithm hold in both tails', () => {
  expect(logistic(0)).toBe(0.5)
  expect(logistic(800)).toBe(1)
  expect(logistic(-700)).toBeCloseTo(Math.exp(-700), 310)
  expect(logLogistic(-900)).toBe(-900)
  expect(logLogistic(900)).toBe(-0)
  for (const x of [-3, -0.1, 0, 0.1, 3]) {
    expect(logistic(x) + logistic(-x)).toBeCloseTo(1, 15)
    expect(logLogistic(x)).toBeCloseTo(Math.log(logistic(x)), 14)
  }
})
