import { expect, test } from 'vitest'
import { isTooFast } from './is-too-fast.ts'

test('a vote is too fast when what was shown cannot have been read', () => {
  const shown = ['x'.repeat(300), 'y'.repeat(300)]
  expect(isTooFast(shown, 3_900, 150)).toBe(true)
  expect(isTooFast(shown, 4_100, 150)).toBe(false)
})

test('a Chinese character takes as long as two and a half letters', () => {
  expect(isTooFast(['潮'.repeat(120)], 1_900, 150)).toBe(true)
  expect(isTooFast(['x'.repeat(120)], 1_900, 150)).toBe(false)
})

test('nobody must look longer than ten seconds, and the owner may ask for no time', () => {
  expect(isTooFast(['x'.repeat(100_000)], 10_000, 150)).toBe(false)
  expect(isTooFast(['x'.repeat(100_000)], 0, null)).toBe(false)
  expect(isTooFast(['', ''], 0, 150)).toBe(false)
})
