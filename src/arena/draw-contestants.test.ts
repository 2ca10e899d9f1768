import { expect, test } from 'vitest'
import { newId } from '../kernel/index.ts'
import { drawContestants, planWithout } from './draw-contestants.ts'
import type { Contestant } from './types.ts'

const all: Contestant[] = ['k', 'l', 'm'].map((modelName) => ({
  ...{ modelId: newId<'model'>(), modelName, listings: [] },
}))
const plan = {
  first: Int32Array.of(0, 0, 1),
  second: Int32Array.of(1, 2, 2),
  probability: Float64Array.of(0.5, 0.3, 0.2),
}
const draw = (control: number, pair: number, place: number) =>
  drawContestants(all, plan, { controlShare: 0.1, lots: { control, pair, place } })

test('a pair is drawn by its probability, then who stands left', () => {
  expect(draw(0.5, 0.6, 0)).toMatchObject({ a: all[0], b: all[2], isControl: false })
  expect(draw(0.5, 0.6, 0.5)).toMatchObject({ a: all[2], b: all[0] })
  expect(draw(0.5, 0.6, 0)?.probability).toBeCloseTo(0.27, 12)
})

test('a share of battles is a model with itself, each alike', () => {
  const control = draw(0.09, 0.99, 0)
  expect(control).toMatchObject({ a: all[2], b: all[2], isControl: true })
  expect(control?.probability).toBeCloseTo(0.1 / 3, 12)
})

test('all probabilities sum to one', () => {
  const pairs = [0.1, 0.6, 0.9].map((pair) => draw(0.5, pair, 0)?.probability ?? 0)
  const controls = [0, 0.4, 0.8].map((pair) => draw(0, pair, 0)?.probability ?? 0)
  expect([...pairs, ...controls].reduce((a, b) => a + b)).toBeCloseTo(1, 12)
})

test('who failed is out, and the others take their share', () => {
  const [first] = all
  const left = planWithout(plan, all, new Set(first === undefined ? [] : [first.modelId]))
  expect([...left.probability]).toEqual([0, 0, 1])
  const none = planWithout(plan, all, new Set(all.map(({ modelId }) => modelId)))
  const lots = { control: 0.5, pair: 0.1, place: 0 }
  expect(drawContestants(all, none, { controlShare: 0, lots })).toBe(null)
})

test('where every pair was to join the one that failed, the others meet all the same', () => {
  const joining = {
    first: Int32Array.of(0, 0),
    second: Int32Array.of(1, 2),
    probability: Float64Array.of(0.5, 0.5),
  }
  const [first] = all
  const left = planWithout(joining, all, new Set(first === undefined ? [] : [first.modelId]))
  const lots = { control: 0.5, pair: 0.9, place: 0 }
  expect(drawContestants(all, left, { controlShare: 0, lots })).toMatchObject({
    ...{ a: all[1], b: all[2], probability: 1 },
  })
})
