import { expect, it } from 'vitest'
import { OwnTime } from './own-time.ts'

it('OwnTime is all time but that in which a provider has the request', () => {
  const time = new OwnTime(100)
  expect(time.soFarMs(103)).toBe(3)
  time.stop(105)
  expect(time.soFarMs(900)).toBe(5)
  time.resume(900)
  time.resume(950)
  expect(time.soFarMs(960)).toBe(65)
  time.stop(960)
  time.stop(970)
  expect(time.soFarMs(2_000)).toBe(65)
})
