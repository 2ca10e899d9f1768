import { describe, expect, it } from 'vitest'
import { readTerms } from './read-terms.ts'
import { buildSchedule, inForce } from './schedule.ts'
import type { OwnerPrice, PricedListing, PriceSubject } from './types.ts'

const listing: PricedListing = {
  listingId: 'l1',
  modelId: 'm1',
  providerId: 'p1',
  upstreamModel: 'x',
  baseUrl: 'http://localhost:1/v1',
  isHere: true,
}
const OWN_LISTING: PriceSubject = { kind: 'listing', listingId: 'l1' }
const OWN_MODEL: PriceSubject = { kind: 'model', modelId: 'm1', providerId: 'p1' }

let made = 0
function own(subject: PriceSubject, fromMs: number, input: string | null): OwnerPrice {
  made += 1
  return {
    id: `own-${made}`,
    subject,
    fromMs,
    currency: input === null ? null : 'USD',
    terms: input === null ? { kind: 'none' } : readTerms({ input }),
    source: 'owner',
    createdAtMs: made,
    isFromNow: false,
  }
}

function listed(fromMs: number | null, input: string) {
  return { ref: 'data', fromMs, currency: 'USD', terms: readTerms({ input }), source: 'data' }
}

function held(prices: OwnerPrice[], data: ReturnType<typeof listed>[], atMs: number) {
  const schedule = buildSchedule(listing, prices, { listed: data, modelIds: new Set(['m1', 'm0']) })
  const found = inForce(schedule, atMs)
  if (found === null) return null
  const { terms } = found.price.version
  return [found.layer, terms.kind === 'tokens' ? Number(terms.rates.input) / 1e6 : terms.kind]
}

describe('what holds', () => {
  it('is nothing where nothing is known, or not yet', () => {
    expect(held([], [], 5)).toBeNull()
    expect(held([own(OWN_LISTING, 10, '1')], [], 9)).toBeNull()
  })

  it('is the owner’s for the listing, then for the model, then published, then the machine’s', () => {
    const all = [own({ kind: 'machine' }, 0, '4'), own(OWN_MODEL, 0, '2'), own(OWN_LISTING, 0, '1')]
    expect(held(all, [listed(null, '3')], 5)).toEqual(['listing', 1])
    expect(held(all.slice(0, 2), [listed(null, '3')], 5)).toEqual(['model', 2])
    expect(held(all.slice(0, 1), [listed(null, '3')], 5)).toEqual(['data', 3])
    expect(held(all.slice(0, 1), [], 5)).toEqual(['machine', 4])
  })

  it('is the newest version of its time, and of one time what was set last', () => {
    const prices = [own(OWN_LISTING, 20, '2'), own(OWN_LISTING, 10, '1'), own(OWN_LISTING, 20, '3')]
    expect(held(prices, [], 19)).toEqual(['listing', 1])
    expect(held(prices, [], 20)).toEqual(['listing', 3])
  })

  it('is what others say from the time on in which the owner has none any more', () => {
    const prices = [own(OWN_LISTING, 10, '1'), own(OWN_LISTING, 20, null)]
    expect(held(prices, [listed(null, '3')], 15)).toEqual(['listing', 1])
    expect(held(prices, [listed(null, '3')], 20)).toEqual(['data', 3])
    expect(held(prices, [], 20)).toBeNull()
  })

  it('is unknown while this version cannot read it, whatever weaker layers say', () => {
    const newer = { ...own(OWN_LISTING, 20, '1'), terms: { kind: 'unreadable' } as const }
    const prices = [own(OWN_LISTING, 10, '1'), newer, own(OWN_MODEL, 0, '2')]
    expect(held(prices, [listed(null, '3')], 19)).toEqual(['listing', 1])
    expect(held(prices, [listed(null, '3')], 20)).toBeNull()
  })

  it('is no other listing’s, model’s or provider’s, but that of a model which became this one', () => {
    const other = [
      own({ kind: 'listing', listingId: 'l2' }, 0, '1'),
      own({ kind: 'model', modelId: 'm1', providerId: 'p2' }, 0, '1'),
      own({ kind: 'model', modelId: 'm2', providerId: 'p1' }, 0, '1'),
    ]
    expect(held(other, [], 5)).toBeNull()
    expect(held([own({ ...OWN_MODEL, modelId: 'm0' }, 0, '5')], [], 5)).toEqual(['model', 5])
  })
})
