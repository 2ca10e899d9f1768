import type { Catalog } from '../catalog/index.ts'
import type { ModelId } from '../kernel/index.ts'

type Rows = ReturnType<Catalog['rows']>

/** Models by name and names by model, whether they take traffic or not; merged ones as the kept. */
export function nameModels({ models }: Pick<Rows, 'models'>): {
  nameOf(id: string): string | null
  /** By `publisher/name`, by id, or by the bare name where only one has it; null: none. */
  find(name: string): ModelId | null
} {
  const kept = models.filter(({ mergedIntoId }) => mergedIntoId === null)
  const fullName = ({ publisher, name }: Rows['models'][number]): string => `${publisher}/${name}`
  return {
    nameOf(id) {
      const found = models.find((model) => model.id === id)
      return found === undefined ? null : fullName(found)
    },
    find(name) {
      const key = name.toLowerCase()
      const exact = kept.find((one) => one.id === key || fullName(one).toLowerCase() === key)
      const bare = kept.filter((one) => one.name.toLowerCase() === key)
      return exact?.id ?? (bare.length === 1 ? (bare[0]?.id ?? null) : null)
    },
  }
}

/** Since when each model has taken traffic: when its first listing was switched on. */
export function startsOf({
  variants,
  listings,
}: Pick<Rows, 'variants' | 'listings'>): Map<ModelId, number> {
  const modelOf = new Map(variants.map(({ id, modelId }) => [id, modelId]))
  const starts = new Map<ModelId, number>()
  for (const { variantId, switchedAtMs } of listings) {
    const modelId = modelOf.get(variantId)
    if (modelId === undefined || switchedAtMs === null) continue
    starts.set(modelId, Math.min(switchedAtMs, starts.get(modelId) ?? Infinity))
  }
  return starts
}
