import { expect, test } from 'vitest'
import { keepBounds } from './keep-bounds.ts'

function pairsAmong(n: number, heavy: number, share: number) {
  const pairs: [number, number][] = []
  for (let a = 0; a < n; a++) for (let b = a + 1; b < n; b++) pairs.push([a, b])
  const rest = (1 - share) / (pairs.length - 1)
  return {
    first: Int32Array.from(pairs, ([a]) => a),
    second: Int32Array.from(pairs, ([, b]) => b),
    probability: Float64Array.from(pairs, (_, index) => (index === heavy ? share : rest)),
  }
}

function sum(shares: Float64Array): number {
  return shares.reduce((total, share) => total + share, 0)
}

test('no pair is above ten times its uniform share, and all still sum to 1', () => {
  const kept = keepBounds(pairsAmong(10, 7, 0.9), 10, undefined)
  expect(Math.max(...kept)).toBeCloseTo(10 / 45, 12)
  expect(sum(kept)).toBeCloseTo(1, 12)
})

test('on few pairs the cap bounds nothing', () => {
  const pairs = pairsAmong(4, 0, 0.9)
  expect(keepBounds(pairs, 4, undefined)).toEqual(pairs.probability)
})

test('each model is drawn at least as often as its floor says', () => {
  const pairs = pairsAmong(12, 3, 0.97)
  const floors = new Array(12).fill(1 / 12)
  const kept = keepBounds(pairs, 12, floors)
  const shares = new Float64Array(12)
  for (const [index, share] of kept.entries())
    for (const model of [pairs.first[index] ?? 0, pairs.second[index] ?? 0])
      shares[model] = (shares[model] ?? 0) + share
  expect(Math.min(...shares)).toBeGreaterThan(1 / 12 - 1e-12)
  expect(Math.max(...kept)).toBeLessThan(10 / 66 + 1e-12)
  expect(sum(kept)).toBeCloseTo(1, 12)
})

test('floors that are met already change nothing', () => {
  const pairs = pairsAmong(5, 0, 0.1)
  expect(keepBounds(pairs, 5, new Array(5).fill(0.01))).toEqual(pairs.probability)
})

test('no pairs have no shares', () => {
  const none = {
    first: new Int32Array(),
    second: new Int32Array(),
    probability: new Float64Array(),
  }
  expect(keepBounds(none, 3, [0.1, 0.1, 0.1])).toEqual(new Float64Array())
})
