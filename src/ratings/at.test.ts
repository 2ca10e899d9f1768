import { expect, test } from 'vitest'
import { at } from './at.ts'

test('reads the number at an index of any array of numbers', () => {
  expect(at([3, 4], 1)).toBe(4)
  expect(at(Float64Array.of(0.5), 0)).toBe(0.5)
})
