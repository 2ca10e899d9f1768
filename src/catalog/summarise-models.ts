import type { Json } from '../kernel/index.ts'
import type { CatalogRows, CatalogSnapshot, HealthOf, League, LiveListing } from './types.ts'

/** One model in a line, as people look over a catalog. */
export interface ModelSummary {
  /** `publisher/name`. */
  readonly name: string
  readonly league: League
  /** Names of the providers that list it and have not stopped offering it. */
  readonly providers: readonly string[]
  /** Null: unknown. */
  readonly parametersTotal: number | null
  /** Null: unknown. */
  readonly contextTokens: number | null
  /** Whether a listing of it takes traffic. */
  readonly isLive: boolean
  /** Whether a listing of it was on and is not any more. */
  readonly isOff: boolean
  /** Null: none of its listings rests. */
  readonly rest: ModelRest | null
}

/** Listings of a model that are left alone, as they failed again and again. */
export interface ModelRest {
  readonly restingCount: number
  /** Of how many that are on. */
  readonly liveCount: number
  /** When the first of them is tried again, since 1970; null: it is being tried. */
  readonly untilMs: number | null
  /** What that one failed of, a word of routing's; null: unknown. */
  readonly reason: string | null
}

/**
 * Every model that stands for itself, in the order they were added.
 *
 * @param healthOf how listings are doing; absent: nobody knows
 */
export function summariseModels(
  rows: CatalogRows,
  snapshot: CatalogSnapshot,
  healthOf: HealthOf = () => null,
): ModelSummary[] {
  const live = Map.groupBy(snapshot.listings, (listing) => listing.modelId)
  const off = modelsOff(rows)
  const facts = new Map(
    rows.facts.map((fact) => [`${fact.subjectId} ${fact.name}`, fact.value] as const),
  )
  const providersOf = groupProviders(rows)
  return rows.models
    .filter((model) => model.mergedIntoId === null)
    .map((model) => ({
      name: `${model.publisher}/${model.name}`,
      league: model.league,
      providers: [...(providersOf.get(model.id) ?? [])],
      parametersTotal: countOrNull(facts.get(`${model.id} parameters_total`)),
      contextTokens: countOrNull(facts.get(`${model.id} context_tokens`)),
      isLive: live.has(model.id),
      isOff: off.has(model.id),
      rest: restOf(live.get(model.id) ?? [], healthOf),
    }))
}

function restOf(listings: readonly LiveListing[], healthOf: HealthOf): ModelRest | null {
  const resting = listings
    .map(({ listingId }) => healthOf(listingId))
    .filter((health) => health?.state === 'resting' || health?.state === 'trying')
    .toSorted((a, b) => (a?.untilMs ?? 0) - (b?.untilMs ?? 0))
  const [first] = resting
  if (first === undefined || first === null) return null
  const { untilMs, lastReason: reason } = first
  return { restingCount: resting.length, liveCount: listings.length, untilMs, reason }
}

/** Models with a listing that was switched off and is still offered. */
function modelsOff(rows: CatalogRows): Set<string> {
  const off = rows.listings.filter(
    ({ isOn, switchedAtMs, vanishedAtMs }) =>
      !isOn && switchedAtMs !== null && vanishedAtMs === null,
  )
  const variants = new Set(off.map(({ variantId }) => variantId))
  return new Set(rows.variants.filter(({ id }) => variants.has(id)).map(({ modelId }) => modelId))
}

/** Names of providers by model, each once. */
function groupProviders(rows: CatalogRows): Map<string, Set<string>> {
  const modelOf = new Map<string, string>(rows.variants.map(({ id, modelId }) => [id, modelId]))
  const nameOf = new Map<string, string>(
    rows.providers
      .filter(({ removedAtMs }) => removedAtMs === null)
      .map(({ id, name }) => [id, name]),
  )
  const groups = new Map<string, Set<string>>()
  for (const listing of rows.listings) {
    const modelId = modelOf.get(listing.variantId)
    const provider = nameOf.get(listing.providerId)
    if (modelId === undefined || provider === undefined || listing.vanishedAtMs !== null) continue
    const group = groups.get(modelId) ?? new Set()
    groups.set(modelId, group.add(provider))
  }
  return groups
}

function countOrNull(value: Json | undefined): number | null {
  return typeof value === 'number' ? value : null
}
