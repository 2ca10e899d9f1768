import type { JsonObject, ListingId, ModelId } from '../kernel/index.ts'
import { keptModel } from './build-snapshot.ts'
import { cutPage, type PageWish } from './cut-page.ts'
import { fullName } from './name-upstream-model.ts'
import { shapeListingResilience, shapeProviderResilience } from './resilience.ts'
import {
  type Alias,
  type CatalogRows,
  type CatalogSnapshot,
  type HealthOf,
  type KnownFact,
  LISTING_FACTS,
  type Listing,
  type LiveListing,
  MODEL_FACTS,
  type Model,
  type PriceOf,
  type Proposal,
  type Provider,
  type Variant,
} from './types.ts'

/** The catalog as one caller may see it. */
export interface View {
  readonly rows: CatalogRows
  readonly snapshot: CatalogSnapshot
  /** Names the caller's key is limited to; null: all. */
  readonly allowed: readonly string[] | null
  /** Whether what is off is seen, too, and where files lie: an operator without a limited key. */
  readonly seesAll: boolean
  readonly healthOf: HealthOf
  /** Absent: nobody knows prices. */
  readonly priceOf?: PriceOf | undefined
}

/** Everything of a view by id, read once for a list. */
interface Lookup {
  readonly view: View
  readonly models: ReadonlyMap<ModelId, Model>
  readonly variants: ReadonlyMap<Variant['id'], Variant>
  readonly providers: ReadonlyMap<Provider['id'], Provider>
  readonly live: ReadonlyMap<ListingId, LiveListing>
  /** Where a live one stands in the order in which they are asked. */
  readonly places: ReadonlyMap<ListingId, number>
  readonly auto: ReadonlySet<ListingId>
  readonly variantsOf: ReadonlyMap<ModelId, readonly Variant[]>
  readonly listingsOf: ReadonlyMap<Variant['id'], readonly Listing[]>
  readonly facts: ReadonlyMap<string, readonly KnownFact[]>
}

/** Models as `GET /api/models` lists them, oldest first; merged ones are part of the kept. */
export function pageOfModels(view: View, page: PageWish): JsonObject {
  const look = lookUp(view)
  const models = view.rows.models
    .filter((model) => model.mergedIntoId === null)
    .filter((model) => view.seesAll || visibleListings(look, model).length > 0)
  return cutPage(models, page, (model) => shapeModel(look, model))
}

/** One model of a view by its id; null: there is none, or the caller may not see it. */
export function shapeModelOf(view: View, id: ModelId): JsonObject | null {
  const look = lookUp(view)
  const merged = new Map(view.rows.models.map((each) => [each.id, each.mergedIntoId]))
  const model = look.models.get(keptModel(id, merged))
  if (model === undefined) return null
  const isVisible = view.seesAll || visibleListings(look, model).length > 0
  return isVisible ? shapeModel(look, model) : null
}

/** Listings as `GET /api/listings` lists them, oldest first. */
export function pageOfListings(view: View, page: PageWish): JsonObject {
  const look = lookUp(view)
  const listings = view.rows.listings.filter((listing) => maySee(look, listing))
  return cutPage(listings, page, (listing) => shapeListing(look, listing))
}

/** The listings of one provider, those that are on first, 1,000 at most. */
export function shapeListingsOf(view: View, providerId: Provider['id']): JsonObject[] {
  const look = lookUp(view)
  return view.rows.listings
    .filter((each) => each.providerId === providerId && each.vanishedAtMs === null)
    .toSorted((a, b) => Number(b.isOn) - Number(a.isOn))
    .slice(0, 1_000)
    .map((listing) => shapeListing(look, listing))
}

export function shapeListingById(view: View, id: string): JsonObject | null {
  const listing = view.rows.listings.find((each) => each.id === id)
  return listing === undefined ? null : shapeListing(lookUp(view), listing)
}

/** A provider without anything secret: of its key only whether there is one. */
export function shapeProvider(rows: CatalogRows, provider: Provider): JsonObject {
  const listings = rows.listings.filter((each) => each.providerId === provider.id)
  const offered = listings.filter((each) => each.vanishedAtMs === null)
  return {
    id: provider.id,
    kind: provider.kind,
    name: provider.name,
    base_url: provider.baseUrl,
    has_key: provider.sealedKey !== null,
    listing_count: offered.length,
    on_count: offered.filter((each) => each.isOn).length,
    off_count: offered.filter((each) => !each.isOn && each.switchedAtMs !== null).length,
    resilience: shapeProviderResilience(provider.resilience),
    created_at: time(provider.createdAtMs),
    refreshed_at: timeOrNull(provider.refreshedAtMs),
  }
}

export function shapeAlias(rows: CatalogRows, alias: Alias): JsonObject {
  const { target } = alias
  const model = rows.models.find((each) => target.kind === 'model' && each.id === target.id)
  return {
    alias: alias.alias,
    target: model === undefined ? target.id : fullName(model),
    target_kind: target.kind,
    ...(target.kind === 'listing' ? placeOfAlias(rows, target.id) : {}),
    created_at: time(alias.createdAtMs),
  }
}

/** What a listing's id stands for. */
function placeOfAlias(rows: CatalogRows, id: ListingId): JsonObject {
  const listing = rows.listings.find((each) => each.id === id)
  const variant = rows.variants.find((each) => each.id === listing?.variantId)
  const model = rows.models.find((each) => each.id === variant?.modelId)
  const provider = rows.providers.find((each) => each.id === listing?.providerId)
  return {
    model: model === undefined ? null : fullName(model),
    provider: provider?.name ?? null,
  }
}

/** Proposals as `GET /api/proposals` lists them: open ones first, then oldest first. */
export function pageOfProposals(view: View, page: PageWish): JsonObject {
  const look = lookUp(view)
  const open = view.rows.proposals.filter((each) => each.state === 'open')
  const decided = view.rows.proposals.filter((each) => each.state !== 'open')
  return cutPage([...open, ...decided], page, (each) => shapeProposal(look, each))
}

export function shapeProposalById(view: View, id: string): JsonObject | null {
  const proposal = view.rows.proposals.find((each) => each.id === id)
  return proposal === undefined ? null : shapeProposal(lookUp(view), proposal)
}

function shapeProposal(look: Lookup, proposal: Proposal): JsonObject {
  const side = (id: ModelId): JsonObject => {
    const model = look.models.get(id)
    return model === undefined ? { id } : { id, name: fullName(model), ...providersOf(look, model) }
  }
  return {
    id: proposal.id,
    kept: side(proposal.keptModelId),
    other: side(proposal.otherModelId),
    reason: proposal.reason,
    state: proposal.state,
    moved_variant_ids: proposal.movedVariantIds,
    created_at: time(proposal.createdAtMs),
    decided_at: timeOrNull(proposal.decidedAtMs),
    decided_by: proposal.decidedBy,
  }
}

function lookUp(view: View): Lookup {
  const { rows, snapshot } = view
  return {
    view,
    models: new Map(rows.models.map((model) => [model.id, model])),
    variants: new Map(rows.variants.map((variant) => [variant.id, variant])),
    providers: new Map(rows.providers.map((provider) => [provider.id, provider])),
    live: new Map(snapshot.listings.map((listing) => [listing.listingId, listing])),
    places: new Map(snapshot.listings.map((listing, place) => [listing.listingId, place])),
    auto: new Set(snapshot.autoListings.map((listing) => listing.listingId)),
    variantsOf: Map.groupBy(rows.variants, (variant) => variant.modelId),
    listingsOf: Map.groupBy(rows.listings, (listing) => listing.variantId),
    facts: Map.groupBy(rows.facts, (fact) => `${fact.subjectKind} ${fact.subjectId}`),
  }
}

/** Members see what they can use now; operators see everything. */
function maySee(look: Lookup, listing: Listing): boolean {
  const { view } = look
  if (view.seesAll) return true
  const live = look.live.get(listing.id)
  return live !== undefined && view.snapshot.allows(live, view.allowed)
}

function visibleListings(look: Lookup, model: Model): Listing[] {
  const variants = look.variantsOf.get(model.id) ?? []
  return variants
    .flatMap((variant) => look.listingsOf.get(variant.id) ?? [])
    .filter((listing) => maySee(look, listing))
    .toSorted((a, b) => placeOf(look, a) - placeOf(look, b))
}

/** Live ones in the order in which they are asked, then all others. */
function placeOf(look: Lookup, listing: Listing): number {
  return look.places.get(listing.id) ?? Number.MAX_SAFE_INTEGER
}

function shapeModel(look: Lookup, model: Model): JsonObject {
  const { view } = look
  const listings = visibleListings(look, model)
  const variants = (look.variantsOf.get(model.id) ?? []).filter(
    (variant) => view.seesAll || listings.some((each) => each.variantId === variant.id),
  )
  return {
    id: model.id,
    name: fullName(model),
    publisher: model.publisher,
    family: model.family,
    succeeds: nameOf(look, model.succeedsId),
    derived_from: nameOf(look, model.derivedFromId),
    former_names: formerNames(view.rows, model),
    capabilities: model.capabilities,
    league: model.league,
    is_live: listings.some((listing) => look.live.has(listing.id)),
    is_in_auto: listings.some((listing) => look.auto.has(listing.id)),
    facts: shapeFacts(look, `model ${model.id}`, MODEL_FACTS),
    variants: variants.map((variant) => ({
      id: variant.id,
      weights_sha256: variant.weightsSha256,
      quantisation: variant.quantisation,
      upstream_model: variant.upstreamModel,
      first_seen_at: time(variant.firstSeenAtMs),
    })),
    listings: listings.map((listing) => shapeListing(look, listing)),
    created_at: time(model.createdAtMs),
  }
}

function shapeListing(look: Lookup, listing: Listing): JsonObject {
  const { view } = look
  const variant = look.variants.get(listing.variantId)
  const model = variant === undefined ? undefined : look.models.get(variant.modelId)
  const provider = look.providers.get(listing.providerId)
  return {
    id: listing.id,
    model: model === undefined ? null : fullName(model),
    variant_id: listing.variantId,
    provider: {
      id: listing.providerId,
      name: provider?.name ?? null,
      kind: provider?.kind ?? null,
    },
    upstream_model: listing.upstreamModel,
    ...(view.seesAll ? { file_path: listing.filePath } : {}),
    is_on: listing.isOn,
    is_live: look.live.has(listing.id),
    position: listing.position,
    price: shapePrice(view, listing.id),
    facts: shapeFacts(look, `listing ${listing.id}`, LISTING_FACTS),
    ...(view.seesAll
      ? {
          resilience: shapeListingResilience(provider?.resilience ?? {}, listing.resilience),
          health: shapeHealth(view.healthOf, listing.id),
        }
      : {}),
    offered_at: time(listing.offeredAtMs),
    switched_at: timeOrNull(listing.switchedAtMs),
    vanished_at: timeOrNull(listing.vanishedAtMs),
  }
}

/** Where a price is from may be a contract: that is for operators. */
function shapePrice({ priceOf, seesAll }: View, id: ListingId): JsonObject | null {
  const price = priceOf?.(id) ?? null
  if (price === null || seesAll) return price
  const { source: _source, ref: _ref, set_by: _setBy, ...told } = price
  return told
}

function shapeHealth(healthOf: HealthOf, id: ListingId): JsonObject | null {
  const health = healthOf(id)
  if (health === null) return null
  const { state, untilMs, recentFailures, lastReason } = health
  const until = timeOrNull(untilMs)
  return { state, until, recent_failures: recentFailures, last_reason: lastReason }
}

/** Every fact there could be: what nobody knows says so. */
function shapeFacts(look: Lookup, subject: string, names: readonly string[]): JsonObject {
  const known = look.facts.get(subject) ?? []
  return Object.fromEntries(
    names.map((name) => {
      const fact = known.find((each) => each.name === name)
      if (fact === undefined) return [name, { known: false }]
      const { value, source, checkedAtMs } = fact
      return [name, { known: true, value, source, checked_at: time(checkedAtMs) }]
    }),
  )
}

/** Names a model had, and those of models that were merged into it. */
function formerNames(rows: CatalogRows, model: Model): string[] {
  const merged = rows.models.filter((each) => each.mergedIntoId === model.id)
  const ids = new Set([model.id, ...merged.map((each) => each.id)])
  const former = rows.formerNames.filter((each) => ids.has(each.modelId))
  return [...former, ...merged].map(fullName)
}

function providersOf(look: Lookup, model: Model): JsonObject {
  const listings = (look.variantsOf.get(model.id) ?? []).flatMap(
    (variant) => look.listingsOf.get(variant.id) ?? [],
  )
  const names = listings.map((listing) => look.providers.get(listing.providerId)?.name ?? '')
  return { providers: [...new Set(names)], is_on: listings.some((listing) => listing.isOn) }
}

function nameOf(look: Lookup, id: ModelId | null): string | null {
  const model = id === null ? undefined : look.models.get(id)
  return model === undefined ? null : fullName(model)
}

function time(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

function timeOrNull(timeMs: number | null): string | null {
  return timeMs === null ? null : time(timeMs)
}
