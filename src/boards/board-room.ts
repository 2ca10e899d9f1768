import type { RatedBoard, Votes } from '../ratings/index.ts'
import { castAtOf, type DriftLog, MOST_DRIFT_VOTES, openDriftLog } from './drift-log.ts'
import { type LiveCounts, openLiveCounts } from './live-counts.ts'
import { type Carried, keyOfClaim, namesOfClaim, rateLiveBoard } from './rate-live-board.ts'
import { openStyleRing, type StyleRing } from './style-ring.ts'
import type { ModelDrift } from './types-trust.ts'
import type { RateBoardOrder, RatingNews, RatingOrder } from './types-worker.ts'

/** Rows of raters, and models, up to which every rating measures everything. */
const SMALL_ROWS = 100_000
const SMALL_MODELS = 100

interface Seat {
  readonly counts: LiveCounts
  readonly styles: StyleRing
  readonly driftLog: DriftLog
  /** What the last rating without style control found. */
  drift: readonly ModelDrift[]
  included: Set<number>
  readonly sides: readonly [Side, Side]
}

/** A board without and with style control. */
interface Side {
  standing: Set<string>
  wasOnePerson: boolean
  carried: Carried | null
}

export interface RoomMeans {
  readonly nowMs: () => number
  /** A payload's text, made small. */
  readonly compress: (text: string) => Uint8Array
}

/** The boards in memory: what the rating thread holds, without the thread. */
export function openBoardRoom(means: RoomMeans): (order: RatingOrder) => RatingNews | null {
  const seats = new Map<number, Seat>()
  return (order) => {
    if (order.kind === 'open') {
      const sideOf = (at: 0 | 1): Side => ({
        standing: new Set(order.standing[at]),
        wasOnePerson: order.wasOnePerson[at],
        carried: null,
      })
      const sides = [sideOf(0), sideOf(1)] as const
      seats.set(order.board, {
        ...{ counts: openLiveCounts(), styles: openStyleRing(), driftLog: openDriftLog() },
        ...{ sides, drift: [], included: new Set() },
      })
      return null
    }
    if (order.kind === 'close') seats.delete(order.board)
    const seat = seats.get(order.board)
    if (order.kind === 'rate') return rate(seat, order, means)
    if (seat !== undefined && order.kind !== 'close') take(seat, order)
    return null
  }
}

type Told = Exclude<RatingOrder, { kind: 'open' | 'close' | 'rate' }>

function take(seat: Seat, order: Told): void {
  const { counts, styles } = seat
  if (order.kind === 'pairs') {
    for (const row of order.rows) if (!counts.hasPair(row.pair)) counts.addPair(row)
  } else if (order.kind === 'raters') readRaters(counts, order.text)
  else if (order.kind === 'prompts') setPrompts(counts, order)
  else if (order.kind === 'loaded') seat.included = new Set(order.included)
  else if (order.kind === 'styles') styles.fill(order.rows)
  else if (order.kind === 'drift') seat.driftLog.add(order.rows)
  else
    for (const move of order.moves) {
      if (seat.included.delete(move.seq)) continue
      counts.move({ ...move, rater: String(move.rater) })
      styles.move(move)
      const row = { pair: move.pair, outcome: move.outcome, castAtMs: castAtOf(move.voteId) }
      if (!move.isOver) seat.driftLog.move(row, move.sign)
    }
}

/** Lines `rater;pair,c,c,c,c,o,o,o,o;…`. */
function readRaters(counts: LiveCounts, text: string): void {
  for (const line of text.split('\n')) {
    const [key = '', ...pairs] = line.split(';')
    for (const one of pairs) {
      const [pair = -1, ...eight] = one.split(',').map(Number)
      counts.addRater({ key, pair, counts: eight })
    }
  }
}

/** A prompt that was judged once is as good as unknown. */
function setPrompts(counts: LiveCounts, order: Extract<RatingOrder, { kind: 'prompts' }>): void {
  const rowsOf = Map.groupBy(order.rows, ({ key }) => key)
  for (const key of order.prompts ?? rowsOf.keys()) {
    const rows = rowsOf.get(key) ?? []
    const votes = rows.flatMap((row) => row.counts).reduce((sum, count) => sum + count, 0)
    counts.setPrompt(key, votes > 1 ? rows : [])
  }
}

function rate(seat: Seat | undefined, order: RateBoardOrder, means: RoomMeans): RatingNews {
  const { id } = order
  if (seat === undefined) return { kind: 'failed', id, reason: 'the board is not in memory' }
  const startedMs = means.nowMs()
  const side = seat.sides[order.isStyled ? 1 : 0]
  const names = new Map(order.names)
  const isSmall = seat.counts.raterRows <= SMALL_ROWS && seat.counts.modelIds.length <= SMALL_MODELS
  const isSettled = order.isSettled || side.carried === null || isSmall
  const { styles, counts } = seat
  const styled = order.isStyled ? styles.rate({ counts, names }) : null
  if (order.isStyled && styled === null)
    return { kind: 'failed', id, reason: 'style cannot be told from strength yet' }
  const votes = (): Votes => counts.votes(names, { raters: isSettled ? 'all' : 'totals' })
  const { rated, carried } = rateLiveBoard({
    votes: styled?.ratedVotes ?? votes(),
    before: side.carried,
    isSettled,
    standing: new Set([...side.standing].map((key) => byName(key, names))),
    wasOnePerson: side.wasOnePerson,
    retired: new Set(order.retired),
    random: randomFrom(order.seed),
    styled,
    judgeDrift: (board) => judge(seat, order, board),
    ...{ driftMostVotes: MOST_DRIFT_VOTES, controls: order.controls },
    prices: new Map(order.prices),
  })
  side.carried = carried
  const idOf = new Map(counts.modelIds.map((model) => [names.get(model) ?? model, model]))
  const withIds = <Claim extends { better: string; worse: string }>(claim: Claim): Claim => ({
    ...claim,
    better: idOf.get(claim.better) ?? claim.better,
    worse: idOf.get(claim.worse) ?? claim.worse,
  })
  const certified = rated.certified.map(withIds)
  const ended = rated.ended.map(withIds)
  for (const { better, worse } of ended) side.standing.delete(keyOfClaim(better, worse))
  for (const { better, worse } of certified) side.standing.add(keyOfClaim(better, worse))
  side.wasOnePerson = carried.isOnePerson
  return {
    kind: 'rated',
    id,
    rated: { raters: rated.raters, certified, ended },
    payload: means.compress(JSON.stringify(rated.payload)),
    votes: rated.payload.votes,
    models: rated.payload.models.length,
    isSettled: rated.payload.isSettled,
    tookMs: means.nowMs() - startedMs,
  }
}

function judge(
  seat: Seat,
  { isStyled, names }: RateBoardOrder,
  { fit, uncertainty }: Pick<RatedBoard, 'fit' | 'uncertainty'>,
): readonly ModelDrift[] {
  if (isStyled) return seat.drift
  const { dispersion, designEffect } = uncertainty
  const { counts, driftLog } = seat
  const of = { counts, names: new Map(names), fit, dispersion, designEffect: designEffect.total }
  seat.drift = driftLog.judge(of)
  return seat.drift
}

function byName(key: string, names: ReadonlyMap<string, string>): string {
  const [better = '', worse = ''] = namesOfClaim(key)
  return keyOfClaim(names.get(better) ?? better, names.get(worse) ?? worse)
}

/** mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
