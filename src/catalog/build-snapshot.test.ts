import { describe, expect, it } from 'vitest'
import { reachesOf, rowsOf } from '../../tests/support/catalog-rows.ts'
import type { ListingId, ModelId } from '../kernel/index.ts'
import { buildSnapshot } from './build-snapshot.ts'
import type { Alias, CatalogRows, CatalogSnapshot } from './types.ts'

function snapshotOf(rows: CatalogRows, local: readonly string[] = []): CatalogSnapshot {
  return buildSnapshot(rows, reachesOf(rows, local))
}

function aliasTo(alias: string, target: string): Alias {
  const isListing = target.startsWith('l:')
  return {
    alias,
    target: isListing
      ? { kind: 'listing', id: target as ListingId }
      : { kind: 'model', id: target as ModelId },
    createdAtMs: 0,
  }
}

describe('what takes traffic', () => {
  it('is what is on, at a provider that can be reached', () => {
    const rows = rowsOf({
      models: {
        'a/on': {},
        'a/off': { listings: [{ isOn: false }] },
        'a/lost': { listings: [{ provider: 'lost' }] },
      },
    })
    const reaches = reachesOf(rows)
    reaches.delete('lost' as never)
    const snapshot = buildSnapshot(rows, reaches)
    expect(snapshot.listings.map((each) => each.modelName)).toEqual(['a/on'])
    expect(snapshot.resolve('a/lost', null)).toEqual({
      kind: 'no-live-listing',
      modelName: 'a/lost',
    })
  })

  it('is a local listing first, then the oldest', () => {
    const rows = rowsOf({
      models: {
        'a/b': {
          listings: [
            { provider: 'far', switchedAtMs: 1 },
            { provider: 'near', switchedAtMs: 9 },
            { provider: 'near2', switchedAtMs: 5 },
          ],
        },
      },
    })
    const chosen = (local: string[]) => {
      const found = snapshotOf(rows, local).resolve('a/b', null)
      return found.kind === 'listing' ? found.listing.endpoint.providerId : null
    }
    expect(chosen([])).toBe('far')
    expect(chosen(['near'])).toBe('near')
    expect(chosen(['near', 'near2'])).toBe('near2')
  })

  it('is the first of the owner’s order, whatever is local, then the rest as ever', () => {
    const rows = rowsOf({
      models: {
        'a/b': {
          listings: [
            { provider: 'near', switchedAtMs: 1 },
            { provider: 'second', switchedAtMs: 2, position: 2 },
            { provider: 'far', switchedAtMs: 3 },
            { provider: 'first', switchedAtMs: 9, position: 1 },
          ],
        },
      },
    })
    const found = snapshotOf(rows, ['near']).resolve('a/b', null)
    const order = found.kind === 'listing' ? [found.listing, ...found.others] : []
    const providers = order.map(({ endpoint }) => endpoint.providerId)
    expect(providers).toEqual(['first', 'second', 'near', 'far'])
  })

  it('may be asked for anything where nobody knows what it can do', () => {
    const rows = rowsOf({ models: { 'a/b': { capabilities: null } } })
    expect(snapshotOf(rows).listings[0]?.capabilities).toEqual(['chat', 'completion', 'embedding'])
  })

  it('has the context of its listing before that of its model, and none that is not known', () => {
    const rows = rowsOf({ models: { 'a/b': {}, 'a/c': {}, 'a/d': {} } })
    const fact = (subjectId: string, value: number) => ({
      subjectKind: subjectId.startsWith('m:') ? ('model' as const) : ('listing' as const),
      subjectId: subjectId as ModelId,
      name: 'context_tokens',
      value,
      source: 'x',
      checkedAtMs: 0,
    })
    const facts = [fact('m:a/b', 100), fact('l:a/b:0', 50), fact('m:a/c', 100)]
    const listings = snapshotOf({ ...rows, facts }).listings
    expect(listings.map((each) => each.contextTokens)).toEqual([50, 100, null])
  })
})

describe('names', () => {
  it('lead through merges, also chained ones, to the model that was kept', () => {
    const merged = (into: string) => ({ mergedIntoId: into as ModelId, listings: [] })
    const rows = rowsOf({
      models: { 'a/c': merged('m:a/b'), 'a/b': merged('m:a/a'), 'a/a': {} },
    })
    for (const name of ['a/a', 'a/b', 'a/c', 'c']) {
      expect(snapshotOf(rows).resolve(name, null)).toMatchObject({ listing: { modelName: 'a/a' } })
    }
    expect(
      snapshotOf(rows)
        .liveModels(null)
        .map((each) => each.id),
    ).toEqual(['a/a'])
  })

  it('lead by former names, but never past a model that has the name now', () => {
    const rows = rowsOf({ models: { 'a/new': {}, 'a/other': {} } })
    const former = (name: string, modelId: string) => ({
      id: name,
      publisher: 'a',
      name,
      modelId: modelId as ModelId,
      createdAtMs: 0,
    })
    const formerNames = [former('old', 'm:a/new'), former('other', 'm:a/new')]
    const snapshot = snapshotOf({ ...rows, formerNames })
    expect(snapshot.resolve('A/OLD', null)).toMatchObject({ listing: { modelName: 'a/new' } })
    expect(snapshot.resolve('a/other', null)).toMatchObject({ listing: { modelName: 'a/other' } })
  })

  it('list live models in the order they were added, then aliases that lead to one', () => {
    const rows = rowsOf({
      models: { 'b/one': {}, 'a/two': {}, 'a/off': { listings: [{ isOn: false }] } },
      rest: {
        aliases: [aliasTo('z', 'm:b/one'), aliasTo('gpt', 'l:a/two:0'), aliasTo('no', 'm:a/off')],
      },
    })
    const snapshot = snapshotOf(rows)
    expect(snapshot.liveModels(null).map((each) => each.id)).toEqual(['b/one', 'a/two', 'gpt', 'z'])
    expect(snapshot.liveModels(['two']).map((each) => each.id)).toEqual(['a/two', 'gpt'])
    expect(snapshot.liveModels([])).toEqual([])
  })
})

it('answers an exact name fast enough for every request', () => {
  const models = Object.fromEntries(
    Array.from({ length: 2_000 }, (_, i) => [`acme/model-${i}`, {}]),
  )
  const snapshot = snapshotOf(rowsOf({ models }))
  const allowed = ['acme/model-7', 'acme/model-1999']
  for (let i = 0; i < 20_000; i++) snapshot.resolve('acme/model-7', allowed)
  const startedMs = performance.now()
  for (let i = 0; i < 100_000; i++) snapshot.resolve('acme/model-1999', i % 2 ? null : allowed)
  const eachUs = ((performance.now() - startedMs) * 1_000) / 100_000
  expect(eachUs).toBeLessThan(10) // about 0.3 where nothing else runs
})
