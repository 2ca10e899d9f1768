import type { BoardLeague } from '../boards/index.ts'
import type { CatalogSnapshot, LiveListing } from '../catalog/index.ts'
import type { ListingId } from '../kernel/index.ts'
import type { Principal } from '../people/index.ts'
import type { Contestant } from './types.ts'

export interface DrawRules {
  readonly principal: Principal
  readonly isResting: (id: ListingId) => boolean
  readonly mayBeDrawn: (listing: LiveListing, principal: Principal) => boolean
}

/** The models of a league that may be drawn for a caller, in the order of their ids. */
export function findContestants(
  snapshot: CatalogSnapshot,
  league: BoardLeague,
  rules: DrawRules,
): Contestant[] {
  const names = new Map(
    snapshot.listings
      .filter((listing) => listing.league === league)
      .map(({ modelId, modelName }) => [modelId, modelName]),
  )
  return [...names]
    .flatMap(([modelId, modelName]) => {
      const listings = listingsOf(snapshot, modelName, rules)
      return listings.length === 0 ? [] : [{ modelId, modelName, listings }]
    })
    .toSorted((a, b) => (a.modelId < b.modelId ? -1 : 1))
}

/** Those that may answer for a model, best first; none: it cannot be asked. */
export function listingsOf(
  snapshot: CatalogSnapshot,
  modelName: string,
  { principal, isResting, mayBeDrawn }: DrawRules,
): LiveListing[] {
  const found = snapshot.resolve(modelName, principal.models)
  if (found.kind !== 'listing') return []
  const { listing, others } = found
  return [listing, ...(listing.resilience.fallsBack ? others : [])].filter(
    (each) =>
      (each.capabilities.length === 0 || each.capabilities.includes('chat')) &&
      !isResting(each.listingId) &&
      mayBeDrawn(each, principal),
  )
}

/** Where nobody names a league: models, or those to practise with while there are no others. */
export function leagueOf(snapshot: CatalogSnapshot): BoardLeague {
  const others = snapshot.autoListings.some(({ league }) => league === 'models')
  return others ? 'models' : 'practice'
}
