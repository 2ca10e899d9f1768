import type { Catalog } from '../catalog/index.ts'
import type { Life } from '../value/index.ts'
import { startsOf } from './name-models.ts'
import type { Retirement } from './types-retirement.ts'

const DAY_MS = 86_400_000

/** The life of every model that ever took traffic, house models aside, in days. */
export function livesOfModels(
  rows: Pick<ReturnType<Catalog['rows']>, 'models' | 'variants' | 'listings'>,
  retirements: readonly Retirement[],
  nowMs: number,
): Life[] {
  const starts = startsOf(rows)
  const left = new Map(
    retirements
      .filter(({ restoredAt }) => restoredAt === null)
      .map(({ modelId, retiredAt }) => [modelId, retiredAt.getTime()]),
  )
  return rows.models.flatMap(({ id, league, mergedIntoId }): Life[] => {
    const startMs = starts.get(id)
    if (startMs === undefined || league !== 'models' || mergedIntoId !== null) return []
    const endMs = left.get(id)
    const duration = Math.max(0, ((endMs ?? nowMs) - startMs) / DAY_MS)
    return [{ duration, hasLeft: endMs !== undefined }]
  })
}
