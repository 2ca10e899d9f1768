import { expect, test } from 'vitest'
import { liveListing, memberPrincipal } from '../../tests/support/gateway.ts'
import type { CatalogSnapshot, Endpoint, LiveListing } from '../catalog/index.ts'
import { newId } from '../kernel/index.ts'
import { findContestants, leagueOf } from './find-contestants.ts'

const endpoint: Endpoint = {
  ...{ providerId: newId<'provider'>(), dialect: 'openai', baseUrl: 'http://x' },
  socketPath: null,
  ...{ authHeader: null, quirks: { acceptsStreamOptions: true, rejectedParameters: [] } },
}
const listing = (modelName: string, more: Partial<LiveListing> = {}) =>
  liveListing(endpoint, { modelName, ...more })
const [one, other] = [listing('k/one'), listing('k/two')]
const spare = listing('k/one', { modelId: one.modelId })
const embedder = listing('k/embed', { capabilities: ['embedding'] })
const house = listing('b/house', { league: 'practice' })

function snapshotOf(listings: readonly LiveListing[], auto = listings): CatalogSnapshot {
  return {
    ...{ revision: 1, listings, autoListings: auto, allows: () => true, liveModels: () => [] },
    resolve: (name, allowed) => {
      const found = listings.filter(({ modelName }) => modelName === name)
      const [first, ...others] = allowed?.includes(name) === false ? [] : found
      return first === undefined
        ? { kind: 'unknown', nearest: [] }
        : { kind: 'listing', listing: first, others, how: 'name' }
    },
  }
}

function find(rules: {
  models?: string[]
  resting?: LiveListing[]
  barred?: LiveListing[]
}): string[] {
  const found = findContestants(snapshotOf([one, spare, other, embedder, house]), 'models', {
    principal: memberPrincipal({ models: rules.models ?? null }),
    isResting: (id) => rules.resting?.some(({ listingId }) => listingId === id) ?? false,
    mayBeDrawn: (each) => rules.barred?.includes(each) !== true,
  })
  return found.map(({ modelName, listings }) => `${modelName} ${listings.length}`).toSorted()
}

test('models of the league that chat may be drawn, with all their listings', () => {
  expect(find({})).toEqual(['k/one 2', 'k/two 1'])
})

test('a key’s limit, a rest and a policy keep listings out, and models that have none left', () => {
  expect(find({ models: ['k/two'] })).toEqual(['k/two 1'])
  expect(find({ resting: [one] })).toEqual(['k/one 1', 'k/two 1'])
  expect(find({ barred: [one, spare] })).toEqual(['k/two 1'])
})

test('models to practise with fight where there are no others', () => {
  expect(leagueOf(snapshotOf([one, house], [one]))).toBe('models')
  expect(leagueOf(snapshotOf([house]))).toBe('practice')
})
