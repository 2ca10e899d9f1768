import { expect, it } from 'vitest'
import { failOften } from '../../tests/support/fail-often.ts'
import { openHealth } from './open-health.ts'

it('remembers a listing by its id, and knows nothing of one that was never asked', () => {
  const health = openHealth(() => 1_000)
  const breaker = health.breakerOf('a')
  expect(health.breakerOf('a')).toBe(breaker)
  failOften(breaker, 5, 1_000)
  expect(health.health('a')).toEqual({
    listingId: 'a',
    state: 'open',
    failures: 5,
    outcomes: 5,
    restsForMs: 5_000,
    busyForMs: null,
    openings: 1,
    lastReason: null,
  })
  expect(health.health('b')).toBeNull()
  expect(health.list()).toHaveLength(1)
})

it('forgets a listing that nobody has asked for a quarter of an hour', () => {
  let nowMs = 1_000
  const health = openHealth(() => nowMs)
  health.breakerOf('a').enter(nowMs)
  nowMs += 900_000
  expect(health.list()).toHaveLength(1)
  nowMs += 1
  expect(health.list()).toHaveLength(0)
})

it('keeps ten thousand listings at most', () => {
  const health = openHealth(() => 1_000)
  for (let at = 0; at < 10_500; at += 1) health.breakerOf(String(at)).enter(1_000)
  expect(health.list().length).toBeLessThanOrEqual(10_000)
  expect(health.health('10499')).not.toBeNull()
})
