import { expect, it } from 'vitest'
import { sum } from './sum.ts'

it('sums numbers, and nothing to 0', () => {
  expect(sum(Float64Array.of(1, 2.5, -4))).toBe(-0.5)
  expect(sum(new Float64Array(0))).toBe(0)
})
