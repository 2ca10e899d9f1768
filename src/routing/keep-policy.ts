import type { Openness } from '../catalog/index.ts'
import type { ListingFacts, Policy } from './types-choice.ts'

/** From the most closed to the most open. */
export const OPENNESS: readonly Openness[] = ['closed', 'weights', 'weights-and-code', 'fully-open']

/** The member states of the European Union. */
const EU = new Set(
  'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' '),
)

/** What a policy may name as a place. */
export const LISTED_PLACE = /^([A-Z]{2}|this-machine|own-network)$/

/** Trains on nothing, or only on what its customer agreed to give. */
const UNTRAINED: readonly (string | null)[] = ['never', 'opt-in']

/** What a policy may find lacking, as people say it. */
export type Lack = 'place' | 'retention' | 'training' | 'openness'

/** What of a policy a listing does not satisfy; what is unknown of it satisfies nothing. */
export function lacksOf(facts: ListingFacts, policy: Policy): Lack[] {
  const lacks: Lack[] = []
  if (policy.places !== null && !isWithin(facts.place, policy.places)) lacks.push('place')
  if (policy.isWithoutRetention && facts.retentionDays !== 0) lacks.push('retention')
  if (policy.isWithoutTraining && !UNTRAINED.includes(facts.trainingUse)) lacks.push('training')
  if (!isOpenEnough(facts.openness, policy.leastOpenness)) lacks.push('openness')
  return lacks
}

function isWithin(place: string | null, places: readonly string[]): boolean {
  if (place === null) return false
  return places.includes(place) || (places.includes('EU') && EU.has(place))
}

/** Whether a model is at least so open; unknown is not. */
export function isOpenEnough(openness: Openness | null, least: Openness | null): boolean {
  if (least === null) return true
  return openness !== null && OPENNESS.indexOf(openness) >= OPENNESS.indexOf(least)
}

/** What both allow: a team's policy narrows that of its organisation and never widens it. */
export function narrowPolicy(one: Policy, other: Policy): Policy {
  return {
    places: narrowPlaces(one.places, other.places),
    isWithoutRetention: one.isWithoutRetention || other.isWithoutRetention,
    isWithoutTraining: one.isWithoutTraining || other.isWithoutTraining,
    leastOpenness: stricter(one.leastOpenness, other.leastOpenness),
  }
}

function narrowPlaces(
  one: readonly string[] | null,
  other: readonly string[] | null,
): readonly string[] | null {
  if (one === null || other === null) return one ?? other
  const both = [...one, ...other].filter(
    (place) => allowsPlace(one, place) && allowsPlace(other, place),
  )
  return [...new Set(both)]
}

function allowsPlace(places: readonly string[], place: string): boolean {
  return places.includes(place) || (places.includes('EU') && EU.has(place))
}

function stricter(one: Openness | null, other: Openness | null): Openness | null {
  if (one === null || other === null) return one ?? other
  return OPENNESS.indexOf(one) > OPENNESS.indexOf(other) ? one : other
}
