import { describe, expect, it } from 'vitest'
import { reachesOf, rowsOf } from '../../tests/support/catalog-rows.ts'
import type { ListingId, ModelId } from '../kernel/index.ts'
import { buildSnapshot } from './build-snapshot.ts'
import type { CatalogSnapshot } from './types.ts'

const LISTING = '00000000-0000-7000-8000-000000000001' as ListingId

function market(): CatalogSnapshot {
  const rows = rowsOf({
    models: {
      'openai/gpt-4o': { listings: [{ id: LISTING, provider: 'openai' }, { provider: 'other' }] },
      'a/same': {},
      'b/same': {},
      'a/half': {},
      'b/half': { listings: [{ isOn: false }] },
      'a/one': {},
      'b/one': { listings: [{ isOn: false }] },
      'a/off': { listings: [{ isOn: false }] },
      'b/off': { listings: [{ isOn: false }] },
    },
    rest: {
      aliases: [
        {
          alias: 'Best',
          target: { kind: 'model', id: 'm:openai/gpt-4o' as ModelId },
          createdAtMs: 0,
        },
        { alias: 'half', target: { kind: 'model', id: 'm:b/half' as ModelId }, createdAtMs: 0 },
        { alias: 'exact', target: { kind: 'listing', id: LISTING }, createdAtMs: 0 },
      ],
    },
  })
  return buildSnapshot(rows, reachesOf(rows))
}

describe('a name without limits', () => {
  it.each([
    ['openai/gpt-4o', { kind: 'listing', how: 'name' }],
    ['OPENAI/GPT-4O', { kind: 'listing', how: 'name' }],
    ['gpt-4o', { kind: 'listing', how: 'name' }],
    ['best', { kind: 'listing', how: 'alias' }],
    ['EXACT', { kind: 'listing', how: 'alias', listing: { listingId: LISTING } }],
    [LISTING.toUpperCase(), { kind: 'listing', how: 'listing-id' }],
    ['same', { kind: 'ambiguous', candidates: ['a/same', 'b/same'] }],
    ['half', { kind: 'no-live-listing', modelName: 'b/half' }], // the owner's alias comes first
    ['off', { kind: 'no-live-listing', modelName: 'a/off' }],
    ['b/off', { kind: 'no-live-listing', modelName: 'b/off' }],
    ['gpt-4', { kind: 'unknown', nearest: ['openai/gpt-4o'] }],
    ['', { kind: 'unknown' }],
    ['constructor', { kind: 'unknown', nearest: [] }],
    ['__proto__', { kind: 'unknown', nearest: [] }],
    ['x'.repeat(1_000_000), { kind: 'unknown', nearest: [] }],
  ])('%.30s', (name, expected) => {
    expect(market().resolve(name, null)).toMatchObject(expected)
  })
})

describe('a name under a key’s limit', () => {
  it.each([
    [['openai/gpt-4o'], 'gpt-4o', 'listing'],
    [['GPT-4O'], 'openai/gpt-4o', 'listing'],
    [['best'], 'openai/gpt-4o', 'listing'],
    [['best'], 'best', 'listing'],
    [[LISTING], 'openai/gpt-4o', 'listing'],
    [['a/same'], 'same', 'listing'], // the other is not there for this key
    [['same'], 'a/same', 'unknown'], // a name that fits several allows none
    [['one'], 'one', 'listing'], // one that is only offered takes nothing from it
    [['one'], 'a/one', 'listing'],
    [['one'], 'b/one', 'unknown'],
    [['off'], 'a/off', 'unknown'],
    [['a/half'], 'half', 'listing'], // an alias that leads outside the limit is not there either
    [['a/same'], 'best', 'unknown'],
    [['a/same'], LISTING, 'unknown'],
    [['a/same'], 'b/off', 'unknown'],
    [['b/off'], 'b/off', 'no-live-listing'],
    [[], 'openai/gpt-4o', 'unknown'],
    [['nothing'], 'openai/gpt-4o', 'unknown'],
  ])('%j: %s is %s', (allowed, name, kind) => {
    expect(market().resolve(name, allowed).kind).toBe(kind)
  })

  it('learns nothing of other models, not even by nearest names', () => {
    expect(market().resolve('gpt-4', ['a/same'])).toEqual({ kind: 'unknown', nearest: [] })
    expect(market().resolve('a/sam', ['a/same'])).toEqual({ kind: 'unknown', nearest: ['a/same'] })
  })

  it('by a listing’s id allows that listing alone', () => {
    const snapshot = market()
    const found = snapshot.resolve('openai/gpt-4o', [LISTING])
    expect(found).toMatchObject({ listing: { listingId: LISTING } })
    const [first, second] = snapshot.listings.filter((each) => each.modelName === 'openai/gpt-4o')
    expect([first, second].map((each) => each && snapshot.allows(each, [LISTING]))).toEqual([
      true,
      false,
    ])
  })
})
