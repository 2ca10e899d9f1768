import { expect, it } from 'vitest'
import { systemClock } from './clock.ts'

it('tells the time of day in milliseconds since 1970', () => {
  const before = Date.now()
  const now = systemClock.nowMs()
  expect(now).toBeGreaterThanOrEqual(before)
  expect(now).toBeLessThanOrEqual(Date.now())
})

it('never goes back', () => {
  const times = Array.from({ length: 100 }, () => systemClock.monotonicMs())
  expect(times).toEqual(times.toSorted((a, b) => a - b))
})
