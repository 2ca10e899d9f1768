import { describe, expect, it } from 'vitest'
import { failOften } from '../../tests/support/fail-often.ts'
import { liveListing } from '../../tests/support/gateway.ts'
import { DEFAULT_RESILIENCE, type Endpoint, type LiveListing } from '../catalog/index.ts'
import { newId } from '../kernel/index.ts'
import { openHealth } from '../routing/index.ts'
import { candidatesFor, standingOf } from './candidates.ts'
import { readEnvelope } from './read-envelope.ts'
import type { Admitted } from './types.ts'

const endpoint: Endpoint = {
  providerId: newId<'provider'>(),
  dialect: 'openai',
  baseUrl: 'http://127.0.0.1:9/v1',
  socketPath: null,
  authHeader: null,
  quirks: { acceptsStreamOptions: true, rejectedParameters: [] },
}
const NOW_MS = 1_000

function listing(over: Partial<LiveListing> = {}): LiveListing {
  return liveListing(endpoint, { resilience: DEFAULT_RESILIENCE, ...over })
}

function candidates(
  first: LiveListing,
  others: readonly LiveListing[],
  share: Admitted['share'] = { waitFor: () => true },
) {
  const health = openHealth(() => NOW_MS)
  const reading = readEnvelope(Buffer.from('{"model":"m","messages":[1],"seed":1}'), 'chat')
  if (reading.kind !== 'envelope') throw new Error('it is one')
  const admitted = { listing: first, others, operation: 'chat' as const, share }
  return { health, all: candidatesFor(admitted, reading.envelope, health) }
}

describe('candidatesFor', () => {
  it('are the first listing, and others that can serve the request', () => {
    const rejecting = { acceptsStreamOptions: true, rejectedParameters: ['seed'] }
    const fitting = listing()
    const { all } = candidates(listing({ resilience: { ...DEFAULT_RESILIENCE, retries: 9 } }), [
      listing({ capabilities: ['embedding'] }),
      listing({ endpoint: { ...endpoint, quirks: rejecting } }),
      fitting,
    ])
    expect(all.listings[1]).toBe(fitting)
    expect(all.listings[2]).toBeUndefined()
  })

  it('are the first alone where its owner wants that', () => {
    const { all } = candidates(
      listing({ resilience: { ...DEFAULT_RESILIENCE, fallsBack: false } }),
      [listing()],
    )
    expect(all.listings[1]).toBeUndefined()
  })

  it('are passed over where their provider has no room for the body', () => {
    const near = { ...endpoint, providerId: newId<'provider'>() }
    const [first, second] = [listing(), listing({ endpoint: near })]
    const asked: string[] = []
    const waitFor = (providerId: string): boolean => {
      asked.push(providerId)
      return providerId === near.providerId
    }
    const { all } = candidates(first, [second], { waitFor })
    expect(all.next(0, NOW_MS, 0)).toEqual({ listing: second, waitMs: 0 })
    expect(asked).toEqual([endpoint.providerId, near.providerId])
    const alone = candidates(first, [], { waitFor: () => false }).all
    expect(alone.next(0, NOW_MS, 0)).toBeNull()
    expect(alone.refuseAll('m', NOW_MS).code).toBe('gateway_bodies_too_many')
  })

  it('know what was tried, and when the first of those that rest may be asked', () => {
    const [first, second] = [listing(), listing()]
    const { all, health } = candidates(first, [second])
    all.failed(first, false, 0)
    expect(all.next(1, NOW_MS, 0)).toMatchObject({ listing: second })
    all.failed(second, true, 0)
    expect(all.next(2, NOW_MS, 0)).toMatchObject({ listing: first })
    failOften(health.breakerOf(first.listingId), 5, NOW_MS)
    failOften(health.breakerOf(second.listingId), 5, NOW_MS - 500)
    expect(all.next(2, NOW_MS, 0)).toBeNull()
    expect(all.restsForMs(NOW_MS)).toBe(4_500)
    expect(all.refuseAll('acme/lion', NOW_MS).message).toContain('try again in 5 seconds')
  })
})

it('standingOf a listing whose owner wants no breaker is never resting', () => {
  const health = openHealth(() => NOW_MS)
  const stubborn = listing({ resilience: { ...DEFAULT_RESILIENCE, hasBreaker: false } })
  const breaker = health.breakerOf(stubborn.listingId)
  failOften(breaker, 5, NOW_MS)
  expect(standingOf(health, stubborn, NOW_MS)).toBe('healthy')
  breaker.busy(null, NOW_MS, 100)
  expect(standingOf(health, stubborn, NOW_MS)).toBe('busy')
})
