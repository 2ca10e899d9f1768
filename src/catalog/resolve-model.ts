import type { ListingId, ModelId } from '../kernel/index.ts'
import { nearestNames } from './nearest-names.ts'
import type { LiveListing, Resolution } from './types.ts'

/** A model as names lead to it. */
export interface NamedModel {
  readonly modelId: ModelId
  /** `publisher/name`. */
  readonly fullName: string
  /** What takes traffic, best first; empty: nothing. */
  readonly listings: readonly LiveListing[]
}

/** Everything a name can mean. Keys are lower case. */
export interface NameIndex {
  /** Full names, former ones and those of models merged into this one included. */
  readonly byFullName: ReadonlyMap<string, NamedModel>
  readonly byAlias: ReadonlyMap<string, AliasTarget>
  readonly byListingId: ReadonlyMap<string, ListedVariant>
  readonly byBareName: ReadonlyMap<string, readonly NamedModel[]>
}
export type AliasTarget =
  | { readonly kind: 'model'; readonly model: NamedModel }
  | { readonly kind: 'listing'; readonly listed: ListedVariant }
export interface ListedVariant {
  readonly listingId: ListingId
  readonly model: NamedModel
  /** Null: it takes no traffic. */
  readonly live: LiveListing | null
}

/** What a key may use. Null: everything. */
export interface Allowance {
  readonly models: ReadonlySet<ModelId>
  /** Listings allowed by their own id, beyond those of the models. */
  readonly listings: ReadonlySet<ListingId>
}

type How = 'name' | 'alias' | 'listing-id'

/**
 * What a name in a request means. An owner's alias comes first, then a full name, a listing id, and
 * a bare name where only one model fits. Whatever lies outside the allowance is unknown: a limited
 * key learns nothing of it.
 */
export function resolveModel(
  index: NameIndex,
  asked: string,
  allowance: Allowance | null,
): Resolution {
  const key = asked.toLowerCase()
  const alias = index.byAlias.get(key)
  if (alias !== undefined) {
    const found = resolveAlias(alias, allowance)
    if (found !== null) return found
  }
  const named = index.byFullName.get(key)
  if (named !== undefined && isVisible(named, allowance)) return first(named, 'name', allowance)
  const listed = index.byListingId.get(key)
  if (listed !== undefined && maySee(listed, allowance)) return exactly(listed, 'listing-id')
  const bare = index.byBareName.get(key)?.filter((model) => isVisible(model, allowance)) ?? []
  if (bare.length > 0) return resolveBare(bare, allowance)
  return { kind: 'unknown', nearest: nearestNames(asked, usableNames(index, allowance)) }
}

/** What the names a key is limited to allow, each in any form that a request may use. */
export function readAllowance(index: NameIndex, names: readonly string[]): Allowance {
  const models = new Set<ModelId>()
  const listings = new Set<ListingId>()
  for (const name of names) {
    const key = name.toLowerCase()
    const alias = index.byAlias.get(key)
    const listed = alias?.kind === 'listing' ? alias.listed : index.byListingId.get(key)
    const bare = liveFirst(index.byBareName.get(key) ?? [], (each) => each.listings.length > 0)
    const model =
      (alias?.kind === 'model' ? alias.model : undefined) ??
      index.byFullName.get(key) ??
      (bare.length === 1 ? bare[0] : undefined) // a bare name that fits several allows none
    if (model !== undefined) models.add(model.modelId)
    else if (listed !== undefined) listings.add(listed.listingId)
  }
  return { models, listings }
}

/** Whether a listing lies within an allowance. */
export function allows(allowance: Allowance | null, listing: LiveListing): boolean {
  return (
    allowance === null ||
    allowance.models.has(listing.modelId) ||
    allowance.listings.has(listing.listingId)
  )
}

function resolveAlias(alias: AliasTarget, allowance: Allowance | null): Resolution | null {
  if (alias.kind === 'model') {
    return isVisible(alias.model, allowance) ? first(alias.model, 'alias', allowance) : null
  }
  return maySee(alias.listed, allowance) ? exactly(alias.listed, 'alias') : null
}

function resolveBare(models: readonly NamedModel[], allowance: Allowance | null): Resolution {
  const isLive = (model: NamedModel): boolean => usable(model, allowance) !== undefined
  const candidates = liveFirst(models, isLive)
  const [only] = candidates
  if (only === undefined) return { kind: 'unknown', nearest: [] }
  return candidates.length > 1 && isLive(only)
    ? { kind: 'ambiguous', candidates: candidates.map((each) => each.fullName) }
    : first(only, 'name', allowance)
}

/** Models of one bare name: those that take traffic; all where none does. */
function liveFirst(
  models: readonly NamedModel[],
  isLive: (model: NamedModel) => boolean,
): readonly NamedModel[] {
  const live = models.filter(isLive)
  return live.length > 0 ? live : models
}

function first(model: NamedModel, how: How, allowance: Allowance | null): Resolution {
  const [listing, ...others] =
    allowance === null ? model.listings : model.listings.filter((each) => allows(allowance, each))
  return listing === undefined
    ? { kind: 'no-live-listing', modelName: model.fullName }
    : { kind: 'listing', listing, others, how }
}

function exactly(listed: ListedVariant, how: How): Resolution {
  return listed.live === null
    ? { kind: 'no-live-listing', modelName: listed.model.fullName }
    : { kind: 'listing', listing: listed.live, others: [], how }
}

function usable(model: NamedModel, allowance: Allowance | null): LiveListing | undefined {
  return allowance === null
    ? model.listings[0]
    : model.listings.find((listing) => allows(allowance, listing))
}

/** A model is there for a key that may use it or one of its live listings. */
function isVisible(model: NamedModel, allowance: Allowance | null): boolean {
  if (allowance === null || allowance.models.has(model.modelId)) return true
  return model.listings.some((listing) => allowance.listings.has(listing.listingId))
}

function maySee(listed: ListedVariant, allowance: Allowance | null): boolean {
  if (allowance === null || allowance.models.has(listed.model.modelId)) return true
  return allowance.listings.has(listed.listingId)
}

/** Full names and aliases that would answer now. */
function usableNames(index: NameIndex, allowance: Allowance | null): string[] {
  const names = new Set<string>()
  for (const model of index.byFullName.values()) {
    if (usable(model, allowance) !== undefined) names.add(model.fullName)
  }
  for (const [alias, target] of index.byAlias) {
    const found = resolveAlias(target, allowance)
    if (found?.kind === 'listing') names.add(alias)
  }
  return [...names]
}
