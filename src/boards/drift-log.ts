import { BLOCK_VOTES, type Block, type Fit, judgeDrift, sumBlocks } from '../ratings/index.ts'
import type { LiveCounts, Names } from './live-counts.ts'
import type { ModelDrift } from './types-trust.ts'
import type { DriftRow } from './types-worker.ts'

/** Of a league, so many of the last votes are looked at for drift. */
export const MOST_DRIFT_VOTES = 100_000

/** The last votes of a board in the order they were cast, to be cut into blocks by model. */
export interface DriftLog {
  /** More of those that were cast before all that is moved later; oldest first. */
  add(rows: readonly DriftRow[]): void
  /** One vote more, or one less: it goes where it was cast, or the one cast then leaves. */
  move(row: DriftRow, sign: number): void
  /** Models that are not what they were, by name: flagged or alarming. */
  judge(on: DriftQuestion): ModelDrift[]
}

export interface DriftQuestion {
  readonly counts: LiveCounts
  readonly names: Names
  readonly fit: Fit
  readonly dispersion: number
  readonly designEffect: number
}

export function openDriftLog(): DriftLog {
  let rows: DriftRow[] = []
  return {
    add(more) {
      rows = rows.concat(more).slice(-MOST_DRIFT_VOTES)
    },
    move(row, sign) {
      const at = placeOf(rows, row.castAtMs)
      if (sign > 0) rows.splice(at, 0, row)
      else removeLike(rows, row, at)
      if (rows.length > MOST_DRIFT_VOTES * 1.1) rows = rows.slice(-MOST_DRIFT_VOTES)
    },
    judge: (on) => judgeRows(rows, on),
  }
}

/** Behind the last row that was cast by then. */
function placeOf(rows: readonly DriftRow[], castAtMs: number): number {
  let at = rows.length
  while (at > 0 && (rows[at - 1]?.castAtMs ?? 0) > castAtMs) at -= 1
  return at
}

function removeLike(rows: DriftRow[], row: DriftRow, from: number): void {
  for (let at = from - 1; at >= 0 && rows[at]?.castAtMs === row.castAtMs; at -= 1) {
    const one = rows[at]
    if (one?.pair !== row.pair || one.outcome !== row.outcome) continue
    rows.splice(at, 1)
    return
  }
}

/** Blocks of one model that are full, and the one that fills. */
interface Blocks {
  readonly full: Block[]
  readonly beganAtMs: number[]
  votes: number
  /** By opponent: votes and points. */
  filling: Map<number, [number, number]>
}

const POINTS = [1, 0, 0.5, 0.5] as const

function judgeRows(rows: readonly DriftRow[], on: DriftQuestion): ModelDrift[] {
  const { fit, dispersion, designEffect } = on
  const { models } = fit.pairs
  const blocksOf = cutBlocks(rows, on)
  return models.flatMap((model, i): ModelDrift[] => {
    const blocks = blocksOf[i]
    if (blocks === undefined || blocks.full.length < 2) return []
    const sums = sumBlocks(fit, i, blocks.full)
    const options = { models: models.length, dispersion, designEffect: Math.max(1, designEffect) }
    const { logE, status, changedAt } = judgeDrift(sums, options)
    if (status === 'steady') return []
    return [{ model, status, logE, changedAtMs: blocks.beganAtMs[changedAt ?? 0] ?? 0 }]
  })
}

function cutBlocks(rows: readonly DriftRow[], { counts, names, fit }: DriftQuestion): Blocks[] {
  const indexOf = new Map(fit.pairs.models.map((name, index) => [name, index]))
  const blocksOf = fit.pairs.models.map(
    (): Blocks => ({ full: [], beganAtMs: [], votes: 0, filling: new Map() }),
  )
  const endsOf = new Map<number, readonly [number, number] | null>()
  for (const { pair, outcome, castAtMs } of rows) {
    let ends = endsOf.get(pair)
    if (ends === undefined) {
      const [one, other] = (counts.endsOf(pair) ?? []).map((id) => indexOf.get(names.get(id) ?? id))
      ends = one === undefined || other === undefined || one === other ? null : [one, other]
      endsOf.set(pair, ends)
    }
    if (ends === null) continue
    const points = POINTS[outcome] ?? 0.5
    addVote(blocksOf[ends[0]], ends[1], [points, castAtMs])
    addVote(blocksOf[ends[1]], ends[0], [1 - points, castAtMs])
  }
  return blocksOf
}

function addVote(
  blocks: Blocks | undefined,
  opponent: number,
  [points, castAtMs]: readonly [number, number],
): void {
  if (blocks === undefined) return
  if (blocks.votes === 0) blocks.beganAtMs.push(castAtMs)
  const known = blocks.filling.get(opponent) ?? [0, 0]
  blocks.filling.set(opponent, [known[0] + 1, known[1] + points])
  blocks.votes += 1
  if (blocks.votes < BLOCK_VOTES) return
  const met = [...blocks.filling]
  blocks.full.push({
    opponent: Int32Array.from(met, ([index]) => index),
    votes: Float64Array.from(met, ([, [votes]]) => votes),
    points: Float64Array.from(met, ([, [, sum]]) => sum),
  })
  blocks.filling = new Map()
  blocks.votes = 0
}

/** When a vote was cast, by its id, since 1970: ids begin with it. */
export function castAtOf(voteId: string): number {
  const atMs = Number.parseInt(voteId.slice(0, 8) + voteId.slice(9, 13), 16)
  return Number.isFinite(atMs) ? atMs : 0
}
