import { assert, type Refusal } from '../kernel/index.ts'
import { type CallDecision, type Route, refusePeople } from '../people/index.ts'

/** The refusal for a call that a route's declaration does not allow. */
export function refuseCall(decision: CallDecision, route: Route): Refusal {
  assert(decision.kind !== 'allowed', 'http: an allowed call is not refused')
  if (decision.kind === 'key-missing')
    return refusePeople(
      'people_key_missing',
      'Send a key as `authorization: Bearer …`. The owner’s is in the file owner.key.',
    )
  if (decision.kind === 'scope-missing')
    return refusePeople(
      'people_scope_missing',
      `This key lacks the scope ${decision.scope}. Use another key, or make one that has it.`,
    )
  return refusePeople('people_role_too_weak', `This is for ${whoMay[route.access]}. ${ask}`)
}

const ask = 'Ask one of them.'

const whoMay: Readonly<Record<Route['access'], string>> = {
  anyone: 'anyone',
  member: 'members',
  admin: 'admins and owners of your organisation',
  owner: 'owners of your organisation',
  operator: 'admins and owners of the house that runs this market',
  'house-owner': 'owners of the house that runs this market',
  scraper: 'owners of the house, and for the scrape token',
}
