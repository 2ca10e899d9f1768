import type { ListingId, ModelId, ProviderId } from '../kernel/index.ts'
import { fullName, nameKey } from './name-upstream-model.ts'
import { withoutPractice } from './practice-league.ts'
import { resilienceOf } from './resilience.ts'
import {
  type AliasTarget,
  type Allowance,
  allows,
  type ListedVariant,
  type NamedModel,
  type NameIndex,
  readAllowance,
  resolveModel,
} from './resolve-model.ts'
import type {
  Capability,
  CatalogRows,
  CatalogSnapshot,
  Endpoint,
  Listing,
  LiveListing,
  LiveModel,
  Model,
} from './types.ts'

/** How a provider is reached now, with its key in the clear. */
export interface Reach {
  readonly endpoint: Endpoint
  /** Whether it runs on the operator's side of the network. */
  readonly isLocal: boolean
}

const EVERYTHING: readonly Capability[] = ['chat', 'completion', 'embedding']

/**
 * The catalog of these rows, ready to answer. A provider without an entry in `reaches` cannot be
 * used: its listings take no traffic.
 */
export function buildSnapshot(
  rows: CatalogRows,
  reaches: ReadonlyMap<ProviderId, Reach>,
): CatalogSnapshot {
  const live = liveListings(rows, reaches)
  const index = buildIndex(rows, live)
  const listings = [...live.values()]
  const allowances = new WeakMap<readonly string[], Allowance>()
  const allowanceOf = (names: readonly string[] | null): Allowance | null => {
    if (names === null) return null
    const known = allowances.get(names)
    if (known !== undefined) return known
    const allowance = readAllowance(index, names)
    allowances.set(names, allowance)
    return allowance
  }
  return {
    revision: rows.revision,
    listings,
    autoListings: withoutPractice(listings),
    resolve: (name, allowed) => resolveModel(index, name, allowanceOf(allowed)),
    allows: (listing, allowed) => allows(allowanceOf(allowed), listing),
    liveModels: (allowed) => liveModels(rows, index, allowanceOf(allowed)),
  }
}

/**
 * Listings that take traffic, best first within each model: in the owner's order, then local ones,
 * then the oldest.
 */
function liveListings(
  rows: CatalogRows,
  reaches: ReadonlyMap<ProviderId, Reach>,
): Map<ListingId, LiveListing> {
  const models = new Map(rows.models.map((model) => [model.id, model]))
  const variants = new Map(rows.variants.map((variant) => [variant.id, variant]))
  const providers = new Map(rows.providers.map((provider) => [provider.id, provider]))
  const contexts = contextFacts(rows)
  const rank = (listing: Listing): number =>
    reaches.get(listing.providerId)?.isLocal === true ? 0 : 1
  const live = new Map<ListingId, LiveListing>()
  const inOrder = rows.listings.toSorted(
    (a, b) => byPosition(a, b) || rank(a) - rank(b) || byAge(a, b),
  )
  for (const listing of inOrder) {
    const reach = reaches.get(listing.providerId)
    const variant = variants.get(listing.variantId)
    const model = variant === undefined ? undefined : models.get(variant.modelId)
    if (!listing.isOn || reach === undefined || variant === undefined || model === undefined) {
      continue
    }
    const provider = providers.get(listing.providerId)
    live.set(listing.id, {
      listingId: listing.id,
      variantId: variant.id,
      modelId: model.id,
      modelName: fullName(model),
      ...(provider === undefined ? {} : { providerName: provider.name }),
      upstreamModel: listing.upstreamModel,
      capabilities: model.capabilities ?? EVERYTHING,
      league: model.league,
      contextTokens: contexts.get(listing.id) ?? contexts.get(model.id) ?? null,
      createdAtSeconds: Math.floor(model.createdAtMs / 1000),
      endpoint: reach.endpoint,
      resilience: resilienceOf(provider?.resilience ?? {}, listing.resilience),
    })
  }
  return live
}

function byPosition(a: Listing, b: Listing): number {
  const [left, right] = [a.position, b.position]
  if (left === null || right === null) return Number(left === null) - Number(right === null)
  return left - right
}

function byAge(a: Listing, b: Listing): number {
  const since = (listing: Listing): number => listing.switchedAtMs ?? listing.offeredAtMs
  return since(a) - since(b) || (a.id < b.id ? -1 : 1)
}

function contextFacts(rows: CatalogRows): Map<string, number> {
  const contexts = new Map<string, number>()
  for (const fact of rows.facts) {
    if (fact.name === 'context_tokens' && typeof fact.value === 'number') {
      contexts.set(fact.subjectId, fact.value)
    }
  }
  return contexts
}

function buildIndex(rows: CatalogRows, live: ReadonlyMap<ListingId, LiveListing>): NameIndex {
  const named = nameModels(rows, live)
  const byFullName = new Map<string, NamedModel>()
  for (const former of rows.formerNames) {
    const model = named.get(former.modelId)
    if (model !== undefined) byFullName.set(nameKey(fullName(former)), model)
  }
  for (const row of rows.models) {
    const model = named.get(row.id)
    if (model !== undefined) byFullName.set(nameKey(fullName(row)), model)
  }
  const byListingId = indexListings(rows, named, live)
  return { byFullName, byListingId, byBareName: bareNames(rows, named), byAlias: aliases() }

  function aliases(): Map<string, AliasTarget> {
    const byAlias = new Map<string, AliasTarget>()
    for (const { alias, target } of rows.aliases) {
      const model = target.kind === 'model' ? named.get(target.id) : undefined
      const listed = target.kind === 'listing' ? byListingId.get(target.id) : undefined
      if (model !== undefined) byAlias.set(nameKey(alias), { kind: 'model', model })
      if (listed !== undefined) byAlias.set(nameKey(alias), { kind: 'listing', listed })
    }
    return byAlias
  }
}

/** Each model, a merged one as the model it was merged into. */
function nameModels(
  rows: CatalogRows,
  live: ReadonlyMap<ListingId, LiveListing>,
): Map<ModelId, NamedModel> {
  const listings = Map.groupBy(live.values(), (listing) => listing.modelId)
  const named = new Map<ModelId, NamedModel>()
  for (const model of rows.models) {
    if (model.mergedIntoId !== null) continue
    named.set(model.id, {
      modelId: model.id,
      fullName: fullName(model),
      listings: listings.get(model.id) ?? [],
    })
  }
  const mergedInto = new Map(rows.models.map((model) => [model.id, model.mergedIntoId]))
  for (const model of rows.models) {
    const kept = named.get(keptModel(model.id, mergedInto))
    if (kept !== undefined) named.set(model.id, kept)
  }
  return named
}

/** The model that stands for another after all merges, which may be chained. */
export function keptModel(id: ModelId, mergedInto: ReadonlyMap<ModelId, ModelId | null>): ModelId {
  const seen = new Set<ModelId>()
  let current = id
  for (;;) {
    const next = mergedInto.get(current) ?? null
    if (next === null || seen.has(next)) return current
    seen.add(next)
    current = next
  }
}

function indexListings(
  rows: CatalogRows,
  named: ReadonlyMap<ModelId, NamedModel>,
  live: ReadonlyMap<ListingId, LiveListing>,
): Map<string, ListedVariant> {
  const models = new Map(rows.variants.map((variant) => [variant.id, variant.modelId]))
  const byListingId = new Map<string, ListedVariant>()
  for (const { id, variantId } of rows.listings) {
    const modelId = models.get(variantId)
    const model = modelId === undefined ? undefined : named.get(modelId)
    if (model === undefined) continue
    byListingId.set(id, { listingId: id, model, live: live.get(id) ?? null })
  }
  return byListingId
}

function bareNames(
  rows: CatalogRows,
  named: ReadonlyMap<ModelId, NamedModel>,
): Map<string, readonly NamedModel[]> {
  const bare = new Map<string, NamedModel[]>()
  const names: readonly (Pick<Model, 'name'> & { readonly modelId: ModelId })[] = [
    ...rows.models.map(({ id, name }) => ({ modelId: id, name })),
    ...rows.formerNames,
  ]
  for (const { modelId, name } of names) {
    const model = named.get(modelId)
    const list = bare.get(nameKey(name)) ?? []
    if (model === undefined || list.includes(model)) continue
    bare.set(nameKey(name), [...list, model])
  }
  return bare
}

function liveModels(
  rows: CatalogRows,
  index: NameIndex,
  allowance: Allowance | null,
): readonly LiveModel[] {
  const models: LiveModel[] = []
  for (const row of rows.models) {
    const listings = index.byFullName.get(nameKey(fullName(row)))?.listings ?? []
    if (row.mergedIntoId !== null || !listings.some((each) => allows(allowance, each))) continue
    models.push(liveModel(fullName(row), row))
  }
  const byId = new Map(rows.models.map((model) => [model.id, model]))
  for (const { alias } of rows.aliases.toSorted((a, b) => (a.alias < b.alias ? -1 : 1))) {
    const found = resolveModel(index, alias, allowance)
    if (found.kind !== 'listing' || found.how !== 'alias') continue
    const row = byId.get(found.listing.modelId)
    if (row !== undefined) models.push(liveModel(alias, row))
  }
  return models
}

function liveModel(id: string, row: Model): LiveModel {
  return {
    id,
    publisher: row.publisher,
    modelId: row.id,
    modelName: fullName(row),
    createdAtSeconds: Math.floor(row.createdAtMs / 1000),
  }
}
