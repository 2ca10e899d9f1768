import { expect, it } from 'vitest'
import { enterAs, failOften } from '../../tests/support/fail-often.ts'
import { Breaker } from './breaker.ts'
import { describeHealth } from './describe-health.ts'

const WALL_MS = 1_000_000
const at = (breaker: Breaker, nowMs: number) => describeHealth(breaker.health('l', nowMs), WALL_MS)

it('describeHealth follows a listing from healthy to resting, trying and healthy again', () => {
  const breaker = new Breaker()
  const well = { state: 'healthy', untilMs: null, recentFailures: 0, lastReason: null }
  expect(at(breaker, 1)).toEqual(well)
  breaker.blame('upstream_reset')
  failOften(breaker, 5, 1_000)
  expect(at(breaker, 2_000)).toEqual({
    state: 'resting',
    untilMs: WALL_MS + 4_000,
    recentFailures: 5,
    lastReason: 'upstream_reset',
  })
  expect(at(breaker, 6_000)).toMatchObject({ state: 'trying', untilMs: null })
  const trial = enterAs(breaker, 6_000)
  expect(at(breaker, 6_001)).toMatchObject({ state: 'trying', untilMs: null })
  breaker.succeeded(trial, 6_002)
  expect(at(breaker, 6_003)).toEqual(well)
  breaker.busy(null, 6_004, 3_000)
  expect(at(breaker, 6_004)).toMatchObject({ state: 'busy', untilMs: WALL_MS + 3_000 })
})
