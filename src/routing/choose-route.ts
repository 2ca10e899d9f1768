import { expectedValue } from './expect-value.ts'
import type {
  RatedModel,
  RouteBoard,
  RouteCandidate,
  RouteChoice,
  RouteReason,
} from './types-choice.ts'

/** Votes of each model from which a board of a category speaks before the overall one. */
const LEAST_VOTES = 30
/** A listing that a conversation is kept at may be worth so much less of a win, and no less. */
const PINNED_LOSS = 0.1
/** Or so many times as dear, or as slow, where that is what counts. */
const PINNED_FACTOR = 2
/** Spread of ratings that a model without votes is thought to come from, in points. */
const UNRATED_SD = 200

export interface RouteWish {
  readonly goal: 'best' | 'cheap' | 'fast'
  /** The board of the request's category first, then the overall one; those that there are. */
  readonly boards: readonly RouteBoard[]
  readonly mostPrice: number | null
  readonly mostFirstByteMs: number | null
  readonly explorationShare: number
  /** In the currency of prices. */
  readonly winValue: number
  /** The listing that answered this conversation lately; null: none did. */
  readonly pinnedId: string | null
  /** Two numbers from 0 up to 1, drawn evenly: whether to explore, and where. */
  readonly lots: { readonly explore: number; readonly place: number }
}

interface Valued {
  readonly candidate: RouteCandidate
  /** Null: its model has no votes on the board, or there is no board. */
  readonly value: number | null
}

/**
 * The listing for one request, and those that may stand in for it. Of the candidates, in the
 * catalog's order, those within the limits are asked: an unknown price is within none, a wait that
 * nobody measured within any. Those that rest come last. Empty: none is within the limits.
 */
export function chooseRoute(candidates: readonly RouteCandidate[], wish: RouteWish): RouteChoice {
  const within = candidates.filter((one) => isWithin(one, wish))
  const pool = preferHealthy(within)
  const rest = within.filter((one) => !pool.includes(one))
  const best = rankBy(pool, wish)
  const [first] = best.order
  if (first === undefined) return { ...best, order: rest }
  const chosen = { ...best, order: [...best.order, ...rest] }
  const pinned = pool.find(({ listing }) => listing.listingId === wish.pinnedId)
  if (pinned !== undefined) return keepPinned(chosen, pinned, wish)
  return (
    explore(chosen, pool, wish) ?? (within.length === 1 ? { ...chosen, reason: 'only' } : chosen)
  )
}

function isWithin({ price, firstByteMs }: RouteCandidate, wish: RouteWish): boolean {
  const { mostPrice, mostFirstByteMs } = wish
  if (mostPrice !== null && (price === null || price > mostPrice)) return false
  return mostFirstByteMs === null || firstByteMs === null || firstByteMs <= mostFirstByteMs
}

function preferHealthy(all: readonly RouteCandidate[]): readonly RouteCandidate[] {
  for (const standing of ['healthy', 'busy'] as const) {
    const pool = all.filter((one) => one.standing === standing)
    if (pool.length > 0) return pool
  }
  return all
}

function rankBy(pool: readonly RouteCandidate[], wish: RouteWish): RouteChoice {
  const board = boardFor(pool, wish.boards)
  const valued = valueAll(pool, board, wish.winValue)
  const slice = board?.slice ?? null
  if (wish.goal === 'cheap')
    return { order: sortBy(valued, [byPrice, byValue, byWait]), reason: 'price', slice: null }
  if (wish.goal === 'fast')
    return { order: sortBy(valued, [byWait, byValue, byPrice]), reason: 'latency', slice: null }
  const order = sortBy(valued, [byValue, byPrice, byWait])
  const lead = findLead(pool, wish.boards)
  if (lead !== null) {
    const isLeader = (one: RouteCandidate): boolean => one.listing.modelName === lead.model
    const leaders = sortBy(
      valued.filter(({ candidate }) => isLeader(candidate)),
      [byPrice, byWait],
    )
    const others = order.filter((one) => !isLeader(one))
    return { order: [...leaders, ...others], reason: 'certified', slice: lead.slice }
  }
  if (valued.some(({ value }) => value !== null)) return { order, reason: 'value', slice }
  return { order, reason: reasonWithoutBoard(pool), slice: null }
}

function reasonWithoutBoard(pool: readonly RouteCandidate[]): RouteReason {
  if (pool.some(({ price }) => price !== null)) return 'price'
  return pool.some(({ firstByteMs }) => firstByteMs !== null) ? 'latency' : 'order'
}

/** The first that knows enough of all that the last one knows. */
function boardFor(pool: readonly RouteCandidate[], boards: readonly RouteBoard[]) {
  const names = [...new Set(pool.map(({ listing }) => listing.modelName))]
  const rated = names.filter((name) => isRated(boards.at(-1)?.models.get(name)))
  if (rated.length < 2) return null
  const knowsAll = ({ models }: RouteBoard): boolean =>
    rated.every((name) => (models.get(name)?.votes ?? 0) >= LEAST_VOTES)
  return boards.find((board, at) => at === boards.length - 1 || knowsAll(board)) ?? null
}

function isRated(model: RatedModel | undefined): boolean {
  return model !== undefined && model.rating !== null
}

/**
 * An unknown price counts as the dearest known one: it is never taken for nothing. Models without
 * votes have no value: exploration finds them.
 */
function valueAll(
  pool: readonly RouteCandidate[],
  board: RouteBoard | null,
  winValue: number,
): Valued[] {
  const dearest = Math.max(0, ...pool.flatMap(({ price }) => price ?? []))
  return pool.map((candidate) => {
    const share = board?.shares.get(candidate.listing.modelName)
    if (share === undefined) return { candidate, value: null }
    return { candidate, value: expectedValue(share, candidate.price ?? dearest, winValue) }
  })
}

type Order = (one: Valued, other: Valued) => number
const lowFirst = (one: number | null, other: number | null): number =>
  one === other ? 0 : (one ?? Infinity) - (other ?? Infinity)
const byPrice: Order = (a, b) => lowFirst(a.candidate.price, b.candidate.price)
const byWait: Order = (a, b) => lowFirst(a.candidate.firstByteMs, b.candidate.firstByteMs)
const byValue: Order = (a, b) => lowFirst(minus(a.value), minus(b.value))

function minus(value: number | null): number | null {
  return value === null ? null : -value
}

/** By the first order in which they differ; else as they came. */
function sortBy(valued: readonly Valued[], orders: readonly Order[]): RouteCandidate[] {
  const compare: Order = (one, other) => {
    for (const order of orders) {
      const difference = order(one, other)
      if (difference !== 0) return difference
    }
    return 0
  }
  return valued.toSorted(compare).map(({ candidate }) => candidate)
}

/**
 * The model that is certified better than every other rated one of the pool, on the first board
 * that certifies one, unless a board before it certifies another better than that.
 */
function findLead(pool: readonly RouteCandidate[], boards: readonly RouteBoard[]) {
  const names = [...new Set(pool.map(({ listing }) => listing.modelName))]
  for (const [at, board] of boards.entries()) {
    const rated = names.filter((name) => isRated(board.models.get(name)))
    const model = leaderOn(board, rated)
    if (model === null) continue
    const isBeaten = boards
      .slice(0, at)
      .some((before) => names.some((name) => isBetter(before, name, model)))
    return isBeaten ? null : { model, slice: board.slice }
  }
  return null
}

function leaderOn(board: RouteBoard, rated: readonly string[]): string | null {
  if (rated.length < 2) return null
  const ratingOf = (name: string): number => board.models.get(name)?.rating ?? -Infinity
  const leader = rated.reduce((most, name) => (ratingOf(name) > ratingOf(most) ? name : most))
  const leads = rated.every((name) => name === leader || isBetter(board, leader, name))
  return leads ? leader : null
}

/** A claim is of an unordered pair: its direction is that of the ratings. */
function isBetter(board: RouteBoard, better: string, worse: string): boolean {
  if (better === worse || board.claim(better, worse) !== 'certified') return false
  const [one, other] = [board.models.get(better)?.rating, board.models.get(worse)?.rating]
  return (one ?? -Infinity) > (other ?? -Infinity)
}

/** A conversation stays where its beginning is cached, unless that is much worse. */
function keepPinned(best: RouteChoice, pinned: RouteCandidate, wish: RouteWish): RouteChoice {
  const [first] = best.order
  if (first === undefined || first === pinned || isMuchWorse(pinned, first, wish)) return best
  return {
    ...best,
    order: [pinned, ...best.order.filter((one) => one !== pinned)],
    reason: 'cache',
  }
}

function isMuchWorse(pinned: RouteCandidate, best: RouteCandidate, wish: RouteWish): boolean {
  const exceeds = (one: number | null, other: number | null): boolean =>
    other !== null && (one === null || one > PINNED_FACTOR * other)
  if (wish.goal === 'fast') return exceeds(pinned.firstByteMs, best.firstByteMs)
  if (wish.goal === 'cheap') return exceeds(pinned.price, best.price)
  const pair = [pinned, best]
  const board = boardFor(pair, wish.boards)
  const [one, other] = valueAll(pair, board, wish.winValue)
  if (one?.value == null || other?.value == null) return exceeds(pinned.price, best.price)
  return other.value - one.value > PINNED_LOSS * wish.winValue
}

/**
 * For a share of requests another model, of those that may be as good as the chosen one: the less
 * is known of it, the more often. Null: not this time, or there is none.
 */
function explore(
  best: RouteChoice,
  pool: readonly RouteCandidate[],
  wish: RouteWish,
): RouteChoice | null {
  const [first] = best.order
  if (wish.goal !== 'best' || wish.lots.explore >= wish.explorationShare) return null
  const overall = wish.boards.at(-1)
  const chosen = first?.listing.modelName ?? ''
  const models = new Map<string, RouteCandidate>()
  for (const one of best.order) {
    const name = one.listing.modelName
    const isOut = name === chosen || !pool.includes(one) || models.has(name)
    if (isOut || (overall !== undefined && isBetter(overall, chosen, name))) continue
    models.set(name, one)
  }
  const found = drawBy([...models.values()], wish.lots.place, (one) =>
    uncertaintyOf(overall?.models.get(one.listing.modelName)),
  )
  if (found === null) return null
  const order = [found, ...best.order.filter((one) => one !== found)]
  return { order, reason: 'exploration', slice: overall?.slice ?? null }
}

/** The variance of its rating, in points: what a vote on it would lessen. */
function uncertaintyOf(model: RatedModel | undefined): number {
  if (model === undefined || model.low === null || model.high === null) return UNRATED_SD ** 2
  return Math.max(1, (model.high - model.low) / 4) ** 2
}

function drawBy(
  all: readonly RouteCandidate[],
  lot: number,
  weightOf: (one: RouteCandidate) => number,
): RouteCandidate | null {
  const sum = all.reduce((total, one) => total + weightOf(one), 0)
  let left = lot * sum
  for (const one of all) {
    left -= weightOf(one)
    if (left < 0) return one
  }
  return all.at(-1) ?? null
}
