import { expect, test } from 'vitest'
import { planPairs } from './plan-pairs.ts'

const sum = (shares: Float64Array) => shares.reduce((total, share) => total + share, 0)

test('without votes all pairs are alike', () => {
  const { probability } = planPairs(['a', 'b', 'c'], [])
  expect([...probability]).toEqual([1 / 3, 1 / 3, 1 / 3])
})

test('a newcomer is drawn against those that have votes', () => {
  const plan = planPairs(['a', 'b', 'c'], [{ first: 'b', second: 'a', counts: [9, 3, 1, 0] }])
  const joins = [...plan.probability.entries()].filter(
    ([pair, share]) => share > 0 && plan.second[pair] === 2,
  )
  expect(joins).toHaveLength(2)
  expect(sum(plan.probability)).toBeCloseTo(1, 12)
})

test('every model keeps its floor, and models that are gone are no part of it', () => {
  const models = ['a', 'b', 'c', 'd']
  const votes = models.flatMap((first, at) =>
    models.slice(at + 1).map((second) => ({ first, second, counts: [400, 20, 9, 3] as const })),
  )
  const plan = planPairs(models, [...votes, { first: 'x', second: 'a', counts: [5, 5, 5, 5] }])
  for (const [at, model] of models.entries()) {
    const share = plan.probability.filter(
      (_, pair) => plan.first[pair] === at || plan.second[pair] === at,
    )
    expect(sum(share), model).toBeGreaterThanOrEqual(0.5 / 4 - 1e-12)
  }
})
