import { expect, it } from 'vitest'
import { liveListing } from '../../tests/support/gateway.ts'
import type { Endpoint } from '../catalog/index.ts'
import { readListingFacts } from './list-candidates.ts'

it('reads what is known of a listing and its model, and null for all else', () => {
  const listing = liveListing({} as Endpoint)
  const fact = (subjectId: string, name: string, value: string | number) => ({
    ...{ subjectKind: 'listing', subjectId, name, value, source: 's', checkedAtMs: 0 },
  })
  const facts = [
    fact(listing.listingId, 'place', 'FR'),
    fact(listing.listingId, 'retention_days', 0),
    fact(listing.modelId, 'openness', 'weights'),
  ]
  const factsOf = readListingFacts({ facts: facts as never, models: [] })
  expect(factsOf(listing)).toEqual({
    place: 'FR',
    retentionDays: 0,
    trainingUse: null,
    openness: 'weights',
  })
  expect(factsOf(liveListing({} as Endpoint))).toEqual({
    place: null,
    retentionDays: null,
    trainingUse: null,
    openness: null,
  })
})
