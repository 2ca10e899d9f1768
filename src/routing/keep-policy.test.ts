import { describe, expect, it } from 'vitest'
import { isOpenEnough, lacksOf, narrowPolicy, OPENNESS } from './keep-policy.ts'
import { type ListingFacts, OPEN_POLICY, type Policy } from './types-choice.ts'

const KNOWN: ListingFacts = {
  place: 'FR',
  retentionDays: 0,
  trainingUse: 'never',
  openness: 'weights',
}
const UNKNOWN: ListingFacts = {
  place: null,
  retentionDays: null,
  trainingUse: null,
  openness: null,
}
const STRICT: Policy = {
  places: ['this-machine', 'EU'],
  isWithoutRetention: true,
  isWithoutTraining: true,
  leastOpenness: 'weights',
}

describe('lacksOf', () => {
  it('finds nothing lacking where nothing is asked, whatever is unknown', () => {
    expect(lacksOf(UNKNOWN, OPEN_POLICY)).toEqual([])
  })

  it('takes what is unknown for what is not satisfied', () => {
    expect(lacksOf(UNKNOWN, STRICT)).toEqual(['place', 'retention', 'training', 'openness'])
    expect(lacksOf(KNOWN, STRICT)).toEqual([])
  })

  it('judges each fact by itself', () => {
    const lacks = (facts: Partial<ListingFacts>) => lacksOf({ ...KNOWN, ...facts }, STRICT).join()
    expect(lacks({ place: 'US' })).toBe('place')
    expect(lacks({ place: 'DE' })).toBe('')
    expect(lacks({ retentionDays: 30 })).toBe('retention')
    expect(lacks({ retentionDays: 'unlimited' })).toBe('retention')
    expect(lacks({ trainingUse: 'opt-out' })).toBe('training')
    expect(lacks({ trainingUse: 'opt-in' })).toBe('')
    expect(lacks({ openness: 'closed' })).toBe('openness')
    expect(lacks({ openness: 'fully-open' })).toBe('')
  })
})

describe('narrowPolicy', () => {
  it('allows what both allow, and the order does not matter', () => {
    const team: Policy = { ...OPEN_POLICY, places: ['FR', 'US'], leastOpenness: 'fully-open' }
    const both = narrowPolicy(STRICT, team)
    expect(both).toEqual({ ...STRICT, places: ['FR'], leastOpenness: 'fully-open' })
    expect(narrowPolicy(team, STRICT)).toEqual(both)
    expect(narrowPolicy(STRICT, OPEN_POLICY)).toEqual(STRICT)
  })

  it('is never wider than either of the two', () => {
    const policies = [
      ...[null, ['FR'], ['EU'], ['US', 'this-machine'], []].flatMap((places) =>
        [null, ...OPENNESS].map((leastOpenness) => ({ ...OPEN_POLICY, places, leastOpenness })),
      ),
      STRICT,
    ]
    const listings = ['FR', 'US', 'this-machine', null].flatMap((place) =>
      [null, ...OPENNESS].map((openness) => ({ ...KNOWN, place, openness })),
    )
    const satisfies = (facts: ListingFacts, policy: Policy) => lacksOf(facts, policy).length === 0
    for (const one of policies)
      for (const other of policies)
        for (const facts of listings)
          expect(satisfies(facts, narrowPolicy(one, other))).toBe(
            satisfies(facts, one) && satisfies(facts, other),
          )
  })
})

it('knows no model for open whose openness nobody stated', () => {
  expect([isOpenEnough(null, 'closed'), isOpenEnough(null, null)]).toEqual([false, true])
})
