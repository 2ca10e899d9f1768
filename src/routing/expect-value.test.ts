import { describe, expect, it } from 'vitest'
import { POINTS_PER_UNIT, Z95 } from '../ratings/index.ts'
import { expectedValue, winChance, winShares } from './expect-value.ts'
import type { RatedModel } from './types-choice.ts'

function model(rating: number | null, sd = 0, island = 0): RatedModel {
  const half = sd * Z95
  const [low, high] = rating === null ? [null, null] : [rating - half, rating + half]
  return { island, rating, low, high, votes: 100 }
}

describe('winChance', () => {
  it('is that of the logistic model where the ratings are certain', () => {
    expect(winChance(model(1400), model(1000))).toBeCloseTo(10 / 11, 12)
  })

  it('is within 0.01 of the integral over what the votes leave open', () => {
    for (const [gap, sd] of [
      [100, 60],
      [200, 150],
      [400, 100],
      [30, 300],
    ] as const) {
      const chance = winChance(model(1000 + gap, sd), model(1000, sd))
      expect(Math.abs(chance - integral(gap, sd * Math.SQRT2))).toBeLessThan(0.01)
    }
  })

  it('is one half where votes do not join the two', () => {
    expect(winChance(model(1400), model(1000, 0, 1))).toBe(0.5)
    expect(winChance(model(null), model(1000))).toBe(0.5)
  })

  it('adds up to one over both directions', () => {
    const [one, other] = [model(1234, 77), model(987, 12)]
    expect(winChance(one, other) + winChance(other, one)).toBeCloseTo(1, 12)
  })
})

/** E[σ(d)] for d of this mean and spread in points, by the midpoint rule. */
function integral(mean: number, sd: number): number {
  let [sum, weights] = [0, 0]
  for (let z = -8; z <= 8; z += 0.001) {
    const weight = Math.exp((-z * z) / 2)
    sum += weight / (1 + Math.exp(-(mean + z * sd) / POINTS_PER_UNIT))
    weights += weight
  }
  return sum / weights
}

it('shares of wins are one half on the average, and none for who has no votes', () => {
  const models = new Map([
    ['a', model(1200, 30)],
    ['b', model(1000, 200)],
    ['c', model(850, 10)],
    ['d', model(null)],
  ])
  const shares = winShares(models)
  expect([...shares.keys()]).toEqual(['a', 'b', 'c'])
  expect([...shares.values()].reduce((sum, share) => sum + share, 0) / 3).toBeCloseTo(0.5, 12)
})

it('a share is worth what the owner says, less the price', () => {
  expect(expectedValue(0.6, 0.01, 0.05)).toBeCloseTo(0.02, 12)
})
