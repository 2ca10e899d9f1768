import { expect, it } from 'vitest'
import { openWaits } from './measure-waits.ts'

it('says nothing of fewer than three answers, then the median', () => {
  const waits = openWaits()
  for (const ms of [10, 30]) waits.add('a', ms, true)
  expect(waits.medianMs('a')).toBeNull()
  waits.add('a', 1_000, true)
  expect(waits.medianMs('a')).toBe(30)
  waits.add('a', 20, true)
  expect(waits.medianMs('a')).toBe(25)
})

it('looks at streams first: a whole answer lets wait for all of it', () => {
  const waits = openWaits()
  for (const ms of [900, 900, 900]) waits.add('a', ms, false)
  expect(waits.medianMs('a')).toBe(900)
  for (const ms of [100, 100, 100]) waits.add('a', ms, true)
  expect(waits.medianMs('a')).toBe(100)
})

it('follows the last 64', () => {
  const waits = openWaits()
  for (let at = 0; at < 64; at += 1) waits.add('a', 500, true)
  for (let at = 0; at < 40; at += 1) waits.add('a', 50, true)
  expect(waits.medianMs('a')).toBe(50)
})
