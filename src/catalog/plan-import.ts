import type { ListingId, ModelId, VariantId } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import { capabilitiesOfOffer } from './infer-capabilities.ts'
import {
  freeName,
  fullName,
  HOUSE_PUBLISHER,
  nameKey,
  nameUpstreamModel,
} from './name-upstream-model.ts'
import { nearestNames } from './nearest-names.ts'
import { factValue } from './read-facts.ts'
import type {
  CatalogRows,
  FactName,
  KnownFact,
  Listing,
  Model,
  OfferedModel,
  Provider,
  Variant,
} from './types.ts'

/** What an upstream's list changes in the catalog. */
export interface ImportPlan {
  readonly models: readonly Model[]
  readonly variants: readonly Variant[]
  readonly listings: readonly Listing[]
  readonly facts: readonly KnownFact[]
  /** Listings that were there before and are to be switched on. */
  readonly switchedOn: readonly ListingId[]
  /** Listings whose model is no longer offered: off from now on. */
  readonly vanished: readonly ListingId[]
  /** Vanished listings whose model is offered again: still off. */
  readonly returned: readonly ListingId[]
}

export interface ImportContext {
  readonly provider: Provider
  /** Whose models the provider serves when it is their maker; null: anybody's. */
  readonly publisher: string | null
  /** Whether it runs on this very machine. */
  readonly isOnThisMachine: boolean
  /** Upstream names to switch on, exactly as the upstream writes them. */
  readonly switchOn: ReadonlySet<string>
  readonly nowMs: number
  readonly newId: () => string
}

/**
 * The changes that an upstream's list makes: new models are *offered*, those of `switchOn` are on
 * at once, what is gone is marked vanished. Nothing else is ever switched on. Each new listing gets
 * a model of its own, under a free name: the operator says whether it is one that is there already.
 */
export function planImport(
  rows: CatalogRows,
  offers: readonly OfferedModel[],
  context: ImportContext,
): ImportPlan {
  const own = rows.listings.filter((listing) => listing.providerId === context.provider.id)
  const known = new Map(own.map((listing) => [listing.upstreamModel, listing]))
  const offered = new Set(offers.map((offer) => offer.id))
  const returned = own.filter(
    (each) => each.vanishedAtMs !== null && offered.has(each.upstreamModel),
  )
  const fresh = planFresh(
    rows,
    offers.filter((offer) => !known.has(offer.id)),
    context,
  )
  const facts = offers.flatMap((offer) => {
    const listing = known.get(offer.id)
    return listing === undefined ? [] : listingFacts(offer, listing.id, context)
  })
  return {
    ...fresh,
    facts: [...fresh.facts, ...withoutStated(facts, rows, context)],
    switchedOn: own
      .filter((each) => !each.isOn && context.switchOn.has(each.upstreamModel))
      .map(({ id }) => id),
    vanished: own
      .filter((each) => each.vanishedAtMs === null && !offered.has(each.upstreamModel))
      .map(({ id }) => id),
    returned: returned.map(({ id }) => id),
  }
}

/** A model of which its upstream says nothing but the name. */
export function bareOffer(id: string): OfferedModel {
  return {
    id,
    ownedBy: null,
    createdAtSeconds: null,
    contextTokens: null,
    parametersTotal: null,
    capabilities: null,
    modalities: null,
  }
}

/** Names as people write them for what the upstream lists. Throws `catalog_model_not_offered`. */
export function findOffered(
  asked: readonly string[],
  offers: readonly OfferedModel[],
): ReadonlySet<string> {
  const ids = offers.map((offer) => offer.id)
  return new Set(
    asked.map((name) => {
      const found = [name, `${name}:latest`, `models/${name}`].find((each) => ids.includes(each))
      const loose = ids.filter((id) => nameKey(id) === nameKey(name))
      if (found !== undefined) return found
      if (loose.length === 1 && loose[0] !== undefined) return loose[0]
      const nearest = nearestNames(name, ids)
      const hint = nearest.length > 0 ? ` Nearest: ${nearest.join(', ')}.` : ''
      throw refuse(
        'catalog_model_not_offered',
        `The provider offers no model "${name.slice(0, 100)}".${hint}`,
        { param: 'models', details: { nearest } },
      )
    }),
  )
}

function planFresh(
  rows: CatalogRows,
  offers: readonly OfferedModel[],
  context: ImportContext,
): Pick<ImportPlan, 'models' | 'variants' | 'listings' | 'facts'> {
  const taken = takenNames(rows)
  const { provider, nowMs } = context
  const plans = offers.map((offer) => {
    const wanted = nameUpstreamModel(offer.id, {
      name: provider.name,
      publisher: context.publisher,
    })
    const name = freeName(wanted, provider.name, (key) => taken.has(key))
    taken.add(nameKey(fullName(name)))
    const model: Model = {
      ...name,
      id: context.newId() as ModelId,
      family: null,
      succeedsId: null,
      derivedFromId: null,
      capabilities: capabilitiesOfOffer(offer),
      // Another Baimo's house models are for practice there, and no more than that here.
      league: nameKey(name.publisher) === HOUSE_PUBLISHER ? 'practice' : 'models',
      mergedIntoId: null,
      createdAtMs: nowMs,
    }
    const variant: Variant = {
      id: context.newId() as VariantId,
      modelId: model.id,
      weightsSha256: null,
      quantisation: null,
      upstreamModel: offer.id,
      firstSeenAtMs: nowMs,
    }
    const listing = freshListing(variant, offer.id, context)
    return { model, variant, listing, facts: factsOf(offer, model, listing, context) }
  })
  return {
    models: plans.map(({ model }) => model),
    variants: plans.map(({ variant }) => variant),
    listings: plans.map(({ listing }) => listing),
    facts: plans.flatMap(({ facts }) => facts),
  }
}

/** Every name that leads to a model, former ones and aliases too, in lower case. */
export function takenNames(rows: CatalogRows): Set<string> {
  const names = [...rows.models, ...rows.formerNames].map(fullName)
  return new Set([...names, ...rows.aliases.map(({ alias }) => alias)].map(nameKey))
}

function freshListing(variant: Variant, upstreamModel: string, context: ImportContext): Listing {
  const isOn = context.switchOn.has(upstreamModel)
  return {
    id: context.newId() as ListingId,
    variantId: variant.id,
    providerId: context.provider.id,
    upstreamModel,
    filePath: null,
    resilience: {},
    isOn,
    position: null,
    offeredAtMs: context.nowMs,
    switchedAtMs: isOn ? context.nowMs : null,
    vanishedAtMs: null,
  }
}

function factsOf(
  offer: OfferedModel,
  model: Model,
  listing: Listing,
  context: ImportContext,
): KnownFact[] {
  const source = toldBy(context.provider)
  const told = { parameters_total: offer.parametersTotal, modalities: offer.modalities }
  const place: KnownFact = {
    subjectKind: 'listing',
    subjectId: listing.id,
    name: 'place',
    value: 'this-machine',
    source: 'its address',
    checkedAtMs: context.nowMs,
  }
  return [
    ...knownFacts({ kind: 'model', id: model.id }, told, { source, nowMs: context.nowMs }),
    ...listingFacts(offer, listing.id, context),
    ...(context.isOnThisMachine ? [place] : []),
  ]
}

function listingFacts(offer: OfferedModel, id: ListingId, context: ImportContext): KnownFact[] {
  const source = toldBy(context.provider)
  const told = { context_tokens: offer.contextTokens }
  return knownFacts({ kind: 'listing', id }, told, { source, nowMs: context.nowMs })
}

/** Facts of one subject, without those whose value is not told or does not fit. */
export function knownFacts(
  subject:
    | { readonly kind: 'model'; readonly id: ModelId }
    | { readonly kind: 'listing'; readonly id: ListingId },
  told: Partial<Record<FactName, unknown>>,
  by: { readonly source: string; readonly nowMs: number },
): KnownFact[] {
  const facts: KnownFact[] = []
  for (const name of Object.keys(told) as FactName[]) {
    const value = factValue(name, told[name])
    if (value === undefined) continue
    facts.push({
      subjectKind: subject.kind,
      subjectId: subject.id,
      name,
      value,
      source: by.source,
      checkedAtMs: by.nowMs,
    })
  }
  return facts
}

/** What an upstream says never replaces what the operator stated. */
function withoutStated(
  facts: readonly KnownFact[],
  rows: CatalogRows,
  context: ImportContext,
): KnownFact[] {
  const source = toldBy(context.provider)
  const stated = new Set(
    rows.facts
      .filter((fact) => fact.source !== source)
      .map((fact) => `${fact.subjectId} ${fact.name}`),
  )
  return facts.filter((fact) => !stated.has(`${fact.subjectId} ${fact.name}`))
}

function toldBy(provider: Provider): string {
  return `told by ${provider.name}`
}
