import { expect, it } from 'vitest'
import { liveListing } from '../../tests/support/gateway.ts'
import { DEFAULT_RESILIENCE } from '../catalog/index.ts'
import { newId, silentLog } from '../kernel/index.ts'
import { type Failure, openHealth } from '../routing/index.ts'
import { markListing } from './mark-listing.ts'

const failure: Failure = {
  reason: 'upstream_error',
  status: 500,
  retryAfterMs: null,
  isFinal: false,
  isOwnEngine: false,
}

it('a listing that opens is counted and logged once, without a body or an address', () => {
  const opened: string[] = []
  const lines: object[] = []
  const relay = {
    random: () => 0.5,
    log: { ...silentLog, warn: (fields: object) => void lines.push(fields) },
    meters: {
      refused: () => {},
      finished: () => {},
      retried: () => {},
      fellBack: () => {},
      opened: (listing: { listingId: string }) => void opened.push(listing.listingId),
    },
  }
  const listing = liveListing(
    {
      providerId: newId<'provider'>(),
      dialect: 'openai',
      baseUrl: 'http://127.0.0.1:9/v1',
      socketPath: null,
      authHeader: null,
      quirks: { acceptsStreamOptions: true, rejectedParameters: [] },
    },
    { resilience: DEFAULT_RESILIENCE },
  )
  const breaker = openHealth(() => 1_000).breakerOf(listing.listingId)
  const scopes = Array.from({ length: 8 }, () => {
    const entry = breaker.enter(1)
    const attempt = { listing, breaker, ticket: entry === 'refused' ? null : entry }
    return markListing(relay, attempt, { failure, nowMs: 1 })
  })
  expect(new Set(scopes)).toEqual(new Set(['again']))
  expect(opened).toEqual([listing.listingId])
  expect(lines).toEqual([
    { listing_id: listing.listingId, reason: 'upstream_error', rests_ms: 5_000 },
  ])
})
