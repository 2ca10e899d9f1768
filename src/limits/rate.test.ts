import { expect, it } from 'vitest'
import { Rate } from './rate.ts'

it('finds the rate of steady use, soon and late', () => {
  const rate = new Rate()
  for (let nowMs = 0; nowMs < 20_000; nowMs += 10) {
    rate.note(3, nowMs)
    if (nowMs > 1_100) expect(rate.perSecond(nowMs)).toBeCloseTo(300, -2)
  }
})

it('takes one use for no rush, and forgets it', () => {
  const rate = new Rate()
  expect(rate.perSecond(5)).toBe(0)
  rate.note(1, 1_000)
  expect(rate.perSecond(1_000)).toBeLessThan(1.5)
  expect(rate.perSecond(15_000)).toBeLessThan(0.01)
  rate.note(1, 60_000)
  expect(rate.perSecond(60_000)).toBeLessThan(1.5)
})
