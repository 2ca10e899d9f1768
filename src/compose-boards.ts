import { type BoardModel, type Boards, openBoards } from './boards/index.ts'
import type { Catalog } from './catalog/index.ts'
import { type Ground, namedListingsOf, type Parts, readVersion } from './compose-routes.ts'
import { systemClock as clock, type Json } from './kernel/index.ts'
import type { KeptRules } from './routing/index.ts'

/** Prices may change with the hour: what models cost is looked up anew after this. */
const MODELS_SHARED_MS = 10_000
const PICO = 1e12

/** The boards over the catalog and its prices. */
export function openBoardsOf(
  { catalog, pricing }: Pick<Parts, 'catalog' | 'pricing'>,
  of: Pick<Ground, 'store' | 'log'> & { readonly workerPath: string; readonly rules: KeptRules },
): Boards {
  const { store, log, workerPath, rules } = of
  const listings = namedListingsOf(catalog)
  let made: { of: unknown[]; atMs: number; models: ReadonlyMap<string, BoardModel> } | null = null
  const models = (): ReadonlyMap<string, BoardModel> => {
    const [rows, said, atMs] = [catalog.rows(), rules.now(), clock.monotonicMs()]
    const isSame = made?.of[0] === rows && made.of[1] === said
    if (made === null || !isSame || atMs - made.atMs > MODELS_SHARED_MS)
      made = { of: [rows, said], atMs, models: describeModels(catalog, { priceOf, rules }) }
    return made.models
  }
  const priceOf = (modelId: string): BoardModel['price'] => {
    const prices = [...listings().values()]
      .filter((listing) => listing.modelId === modelId && listing.isOn)
      .flatMap((listing) => pricing.typicalCost(listing, clock.nowMs()) ?? [])
      .toSorted((a, b) => Number(a.amountPico - b.amountPico))
    const [least] = prices
    if (least === undefined) return null
    return { amount: Number(least.amountPico) / PICO, currency: pricing.currency }
  }
  return openBoards({ store, clock, log, workerPath, codeVersion: readVersion(), models })
}

type ModelRow = ReturnType<Catalog['rows']>['models'][number]

/** What boards say of models, by id; what was merged into another one stands for that. */
function describeModels(
  catalog: Catalog,
  of: { readonly priceOf: (modelId: string) => BoardModel['price']; readonly rules: KeptRules },
): Map<string, BoardModel> {
  const { models, facts, listings, variants } = catalog.rows()
  const factOf = new Map(facts.map((fact) => [`${fact.subjectId} ${fact.name}`, fact.value]))
  const modelOf = new Map(variants.map(({ id, modelId }) => [id as string, modelId as string]))
  const byId = new Map(models.map((model) => [model.id as string, model]))
  const described = new Map<string, BoardModel>()
  for (const { id } of models) {
    let kept = byId.get(id)
    while (kept?.mergedIntoId != null) kept = byId.get(kept.mergedIntoId)
    if (kept === undefined) continue
    const own = listings.filter(({ variantId }) => modelOf.get(variantId) === kept.id)
    const places = own.flatMap((listing) => textOf(factOf.get(`${listing.id} place`)) ?? [])
    const size = factOf.get(`${kept.id} parameters_total`)
    described.set(id, {
      name: `${kept.publisher}/${kept.name}`,
      openness: textOf(factOf.get(`${kept.id} openness`)),
      publisherCountry: textOf(factOf.get(`${kept.id} publisher_country`)),
      parametersTotal: typeof size === 'number' ? size : null,
      places: [...new Set(places)],
      retiredAt: of.rules.now().retired.get(kept.id)?.retiredAt ?? null,
      price: of.priceOf(kept.id),
      succeeds: nameOf(byId, kept.succeedsId),
    })
  }
  return described
}

/** What a model is called, or the one that it was merged into; null: none. */
function nameOf(byId: ReadonlyMap<string, ModelRow>, id: string | null): string | null {
  let model = id === null ? undefined : byId.get(id)
  while (model?.mergedIntoId != null) model = byId.get(model.mergedIntoId)
  return model === undefined ? null : `${model.publisher}/${model.name}`
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null
}
