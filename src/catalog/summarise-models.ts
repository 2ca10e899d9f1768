import type { Json } from '../kernel/index.ts'
import type { CatalogRows, CatalogSnapshot, League } from './types.ts'

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
}

/** Every model that stands for itself, in the order they were added. */
export function summariseModels(rows: CatalogRows, snapshot: CatalogSnapshot): ModelSummary[] {
  const live = new Set<string>(snapshot.listings.map((listing) => listing.modelId))
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
    }))
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
