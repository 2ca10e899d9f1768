import { describe, expect, it } from 'vitest'
import { liveListing } from '../../tests/support/gateway.ts'
import { openScriptedUpstream } from '../../tests/upstream/scripted-upstream.ts'
import type { Failure } from '../routing/index.ts'
import { describeAttempt, describeRoute } from './describe-attempt.ts'

describe('describeRoute', () => {
  it.each([
    ['name', 1, null, 'name'],
    ['alias', 3, null, 'alias; attempts=3'],
    ['name', 2, 'upstream_busy', 'name; attempts=2; fallback=upstream_busy'],
    ['name', 1, 'listing_resting', 'name; fallback=listing_resting'],
  ] as const)('%s, %i attempts, left for %s: %s', (how, attempts, left, value) => {
    expect(describeRoute(how, attempts, left)).toBe(value)
  })
})

describe('describeAttempt', () => {
  it('names the failure and what lies beneath it, and no address', async () => {
    const upstream = await openScriptedUpstream()
    await upstream.close()
    const listing = liveListing(upstream.endpoint())
    const failure: Failure = {
      reason: 'upstream_reset',
      status: null,
      retryAfterMs: 20,
      isFinal: false,
      isOwnEngine: false,
    }
    const cause = new AggregateError([Object.assign(new Error('reset'), { code: 'ECONNRESET' })])
    const fields = describeAttempt(
      { listing: { ...listing, providerName: 'acme' }, status: null },
      failure,
      new Error('gone', { cause }),
    )
    expect(fields).toEqual({
      listing_id: listing.listingId,
      model: 'acme/normal',
      provider: 'acme',
      upstream_status: null,
      reason: 'upstream_reset',
      code: undefined,
      detail: 'gone',
      cause_code: 'ECONNRESET',
      cause: 'reset',
      retry_after_ms: 20,
    })
    expect(JSON.stringify(fields)).not.toContain('127.0.0.1')
  })
})
