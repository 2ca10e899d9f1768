import { describe, expect, it } from 'vitest'
import { newId } from '../kernel/index.ts'
import { CounterFacts } from './counter-facts.ts'
import { PlaceCounter } from './place-counter.ts'
import { refuseLacking, refuseTooLarge, refuseUnavailable } from './refuse-limit.ts'
import { formatSpan, shapeHeaders } from './shape-headers.ts'
import type { Grant, Holder, Timing } from './types.ts'
import { WindowCounter } from './window-counter.ts'

const timing: Timing = {
  windowMs: 60_000,
  openMs: 1_000,
  placeLeaseMs: 15_000,
  placeRenewMs: 5_000,
  reportMs: 800,
  recallWaitMs: 12,
  recallPauseMs: 100,
  refusalMs: 30,
  patienceMs: 2_000,
}

function counter(kind: 'key' | 'team', metric: 'requests' | 'tokens', limit: number) {
  const holder = { kind, id: newId() } as Holder
  return new WindowCounter({ limitId: newId(), holder, limit }, metric, { timing, busy: new Set() })
}

function grant(changes: Partial<Grant>): Grant {
  const usual = { isLimited: true, granted: 0, left: 0, elsewhere: 0, retryMs: null, resetMs: 0 }
  return { ...usual, limit: 100, ...changes }
}

describe('x-ratelimit headers', () => {
  it('tell of each metric what is left of the holder who has least', () => {
    const key = counter('key', 'requests', 100)
    const team = counter('team', 'requests', 1_000)
    const tokens = counter('key', 'tokens', 5_000)
    team.facts.learn(grant({ limit: 1_000, left: 7, resetMs: 90_000 }), 0)
    expect(shapeHeaders([key, team, tokens], { nowMs: 30_000, windowMs: 60_000 })).toEqual({
      'x-ratelimit-limit-requests': '1000',
      'x-ratelimit-remaining-requests': '7',
      'x-ratelimit-reset-requests': '1m0s',
      'x-ratelimit-limit-tokens': '5000',
      'x-ratelimit-remaining-tokens': '5000',
      'x-ratelimit-reset-tokens': '0ms',
    })
  })

  it('write spans as OpenAI does', () => {
    expect([0, 17, 1_000, 59_703, 60_000, 360_000, 61_500].map(formatSpan)).toEqual([
      '0ms',
      '17ms',
      '1s',
      '59.703s',
      '1m0s',
      '6m0s',
      '1m1.5s',
    ])
  })
})

describe('a refusal by a limit', () => {
  const moment = (one: WindowCounter | PlaceCounter) => ({
    counters: [one],
    nowMs: 1_000,
    windowMs: 60_000,
  })

  it('says whose limit, which and when, to people and to programs', () => {
    const requests = counter('team', 'requests', 100)
    requests.facts.learn(grant({ left: 0, retryMs: 2_300.4 }), 1_000)
    const refusal = refuseLacking({ counter: requests, amount: 1 }, moment(requests))
    expect(refusal.message).toBe(
      'This team: the limit of 100 requests a minute is used up. Ask again in 3 seconds.',
    )
    expect(refusal).toMatchObject({
      code: 'limits_exceeded',
      retryAfterSeconds: 3,
      details: { holder_kind: 'team', metric: 'requests', limit: 100 },
      headers: { 'retry-after-ms': '2301', 'x-ratelimit-remaining-requests': '0' },
    })
  })

  it('asks who has too many requests running to wait for one of them', () => {
    const counted = { limitId: newId(), holder: { kind: 'key', id: newId() } as Holder, limit: 1 }
    const places = new PlaceCounter(counted, { timing, busy: new Set(), leaseId: newId() })
    const refusal = refuseLacking({ counter: places, amount: 1 }, moment(places))
    expect(refusal).toMatchObject({ code: 'limits_concurrency_exceeded', retryAfterSeconds: 1 })
    expect(refusal.message).toContain('1 request runs already')
  })

  it('names no time where none will do, and one where the database is away', () => {
    const tokens = counter('key', 'tokens', 100)
    const refusal = refuseTooLarge({ counter: tokens, amount: 101 }, moment(tokens))
    expect(refusal.retryAfterSeconds).toBeUndefined()
    expect(refuseUnavailable()).toMatchObject({ kind: 'unavailable', retryAfterSeconds: 2 })
  })
})

describe('what is remembered of a counter', () => {
  it('moves with a changed limit, and forgets refusals then', () => {
    const facts = new CounterFacts(100)
    facts.learn(grant({ left: 10 }), 0)
    facts.refuse(50)
    expect(facts.isRefused(49)).toBe(true)
    facts.change(150)
    expect(facts).toMatchObject({ limit: 150, left: 60 })
    expect(facts.isRefused(49)).toBe(false)
  })
})
