import type { ClaimStatus } from '../ratings/index.ts'
import { unpackClaims } from './pack-claims.ts'
import type { VersionPayload } from './types-versions.ts'
import type { BoardModel } from './view-board.ts'

/** One model of a family, and how it stands to the one before. */
export interface FamilyMember {
  readonly model: string
  readonly rating: number | null
  readonly low: number | null
  readonly high: number | null
  readonly votes: number
  readonly retiredAt: Date | null
  /** Null: it is the first, or votes do not join the two. */
  readonly thanBefore: { readonly isBetter: boolean; readonly status: ClaimStatus } | null
}

/**
 * Models that succeed one another, each family as one line, oldest first: what is still growing is
 * compared with itself. One model may have two successors: each ends a line of its own. Models
 * without votes on the board are left out, and so are lines of one.
 */
export function findFamilies(
  payload: VersionPayload,
  models: ReadonlyMap<string, BoardModel>,
): FamilyMember[][] {
  const names = payload.models.map(({ name }) => name)
  const before = (name: string): string | null => models.get(name)?.succeeds ?? null
  const succeeded = new Set([...models.keys()].map(before))
  const ends = [...models.keys()].filter((name) => !succeeded.has(name)).sort()
  return ends
    .map((end) => lineTo(end, before).filter((name) => names.includes(name)))
    .filter((line) => line.length > 1)
    .map((line) => line.map((name, at) => memberOf(payload, models, [line[at - 1], name])))
}

/** From the oldest to this one; a circle ends where it would begin again. */
function lineTo(end: string, before: (name: string) => string | null): string[] {
  const line = [end]
  for (let name = before(end); name !== null && !line.includes(name); name = before(name))
    line.unshift(name)
  return line
}

function memberOf(
  payload: VersionPayload,
  models: ReadonlyMap<string, BoardModel>,
  [previous, model]: readonly [string | undefined, string],
): FamilyMember {
  const indexOf = (name: string) => payload.models.findIndex((row) => row.name === name)
  const row = payload.models[indexOf(model)]
  const shown = {
    ...{ model, rating: row?.rating ?? null, low: row?.low ?? null, high: row?.high ?? null },
    ...{ votes: row?.votes ?? 0, retiredAt: models.get(model)?.retiredAt ?? null },
  }
  const old = previous === undefined ? undefined : payload.models[indexOf(previous)]
  if (old === undefined || old.rating === null || shown.rating === null)
    return { ...shown, thanBefore: null }
  const statusOf = unpackClaims(payload.claims, payload.models.length)
  const status = statusOf(indexOf(old.name), indexOf(model))
  const isBetter = shown.rating > old.rating
  return { ...shown, thanBefore: status === null ? null : { isBetter, status } }
}
