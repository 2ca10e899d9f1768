import { describe, expect, it } from 'vitest'
import { reachesOf, rowsOf } from '../../tests/support/catalog-rows.ts'
import type { JsonObject, ListingId, ModelId } from '../kernel/index.ts'
import { buildSnapshot } from './build-snapshot.ts'
import {
  pageOfListings,
  pageOfModels,
  shapeAlias,
  shapeModelOf,
  shapeProvider,
  type View,
} from './shape-catalog.ts'
import type { CatalogRows } from './types.ts'

function viewOf(rows: CatalogRows, by: Partial<View> = {}): View {
  const snapshot = buildSnapshot(rows, reachesOf(rows))
  return { rows, snapshot, allowed: null, seesAll: false, healthOf: () => null, ...by }
}

const page = { limit: 100 }
const modelsOf = (view: View) => pageOfModels(view, page).data as unknown as JsonObject[]

const rows = rowsOf({
  models: {
    'a/on': { listings: [{ filePath: '/srv/on.gguf' }] },
    'a/off': { listings: [{ isOn: false }] },
    'a/merged': { mergedIntoId: 'm:a/on' as ModelId, listings: [] },
    'a/next': { succeedsId: 'm:a/on' as ModelId },
  },
})

describe('models', () => {
  it('are those that a member can use, and all for an operator; merged ones are former names', () => {
    const names = (view: View) => modelsOf(view).map((each) => each.name)
    expect(names(viewOf(rows))).toEqual(['a/on', 'a/next'])
    expect(names(viewOf(rows, { seesAll: true }))).toEqual(['a/on', 'a/off', 'a/next'])
    expect(names(viewOf(rows, { allowed: ['a/next'] }))).toEqual(['a/next'])
    expect(modelsOf(viewOf(rows))[0]).toMatchObject({ former_names: ['a/merged'] })
    expect(modelsOf(viewOf(rows))[1]).toMatchObject({ succeeds: 'a/on' })
  })

  it('are found by the id of a merged one, and not where the caller may not see them', () => {
    expect(shapeModelOf(viewOf(rows), 'm:a/merged' as ModelId)).toMatchObject({ name: 'a/on' })
    expect(shapeModelOf(viewOf(rows), 'm:a/off' as ModelId)).toBeNull()
    expect(shapeModelOf(viewOf(rows), 'm:none' as ModelId)).toBeNull()
  })
})

it('shows where a file lies to operators alone', () => {
  expect(JSON.stringify(pageOfListings(viewOf(rows), page))).not.toContain('/srv')
  expect(JSON.stringify(modelsOf(viewOf(rows)))).not.toContain('/srv')
  expect(JSON.stringify(pageOfListings(viewOf(rows, { seesAll: true }), page))).toContain('/srv')
})

it('shows what listings cost, and to operators alone where that is from', () => {
  const price = { kind: 'free', currency: 'USD', from: null, set_by: 'data', source: 's', ref: 'r' }
  const priceOf: View['priceOf'] = (id) => (id === rows.listings[0]?.id ? price : null)
  const prices = (by: Partial<View>) =>
    (pageOfListings(viewOf(rows, by), page).data as JsonObject[]).map((each) => each.price)
  expect(prices({ seesAll: true, priceOf })).toEqual([price, null, null])
  expect(prices({ priceOf })[0]).toEqual({ kind: 'free', currency: 'USD', from: null })
  expect(prices({ seesAll: true })).toEqual([null, null, null])
})

it('says of a provider’s key only whether there is one', () => {
  const [provider] = rows.providers
  if (provider === undefined) throw new Error('no provider')
  const shaped = shapeProvider(rows, { ...provider, sealedKey: 'sealed-text' })
  expect(shaped).toMatchObject({ has_key: true, listing_count: 3, on_count: 2 })
  expect(JSON.stringify(shaped)).not.toContain('sealed-text')
})

it('names what an alias leads to', () => {
  const alias = (target: { kind: 'model'; id: ModelId } | { kind: 'listing'; id: ListingId }) =>
    shapeAlias(rows, { alias: 'x', target, createdAtMs: 0 })
  expect(alias({ kind: 'model', id: 'm:a/on' as ModelId })).toMatchObject({ target: 'a/on' })
  expect(alias({ kind: 'listing', id: 'l:a/on:0' as ListingId })).toMatchObject({
    target: 'l:a/on:0',
    target_kind: 'listing',
  })
})

it('a listing tells operators how it is doing, and null where it was not asked lately', () => {
  const healths = (by: Partial<View>) =>
    (pageOfListings(viewOf(rows, by), page).data as unknown as JsonObject[]).map(
      ({ health }) => health,
    )
  const resting = {
    state: 'resting',
    untilMs: 1_764_000_000_000,
    recentFailures: 5,
    lastReason: 'upstream_reset',
  } as const
  const healthOf: View['healthOf'] = (id) => (id === rows.listings[0]?.id ? resting : null)
  expect(healths({ seesAll: true, healthOf })).toEqual([
    {
      state: 'resting',
      until: '2025-11-24T16:00:00.000Z',
      recent_failures: 5,
      last_reason: 'upstream_reset',
    },
    null,
    null,
  ])
  expect(new Set(healths({ healthOf }))).toEqual(new Set([undefined]))
})
