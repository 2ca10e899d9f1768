/** A board, without or with style control. */
export interface Side {
  readonly boardId: number
  readonly isStyled: boolean
}

/** What is to be rated next, and when. */
export interface Plan {
  /** Votes of the side moved. */
  moved(side: Side & { readonly isOverall: boolean }, nowMs: number): void
  /** The side to rate now; null: none is due. It is taken as rated, with the answer of `rated`. */
  take(nowMs: number): (Side & { readonly isSettled: boolean }) | null
  /** The rating was not settled: it is to be, once votes have paused. */
  unsettled(side: Side, nowMs: number): void
  /** A settled rating ended, which took so long: the next one waits ten times that. */
  settled(side: Side, nowMs: number, tookMs: number): void
  /** Milliseconds until something is due; null: nothing waits. */
  waitMs(nowMs: number): number | null
  readonly isEmpty: boolean
}

export interface PlanTiming {
  /** Between the starts of two ratings of one side. */
  readonly debounceMs: number
  /** How long votes pause before a large board is measured as a whole, and how long at most. */
  readonly settleMs: number
  readonly settleMostMs: number
}

/** How often longer than it took a side is left alone after it was settled. */
const SETTLE_REST = 10

export const usualPlan: PlanTiming = { debounceMs: 200, settleMs: 500, settleMostMs: 1_000 }

interface Waiting extends Side {
  isOverall: boolean
  /** Since when votes are not in its last rating; null: only the settling is left. */
  movedAtMs: number | null
  lastMovedAtMs: number
  unsettledAtMs: number | null
  ratedAtMs: number
  /** Before this nothing is settled, so that votes do not wait for it again and again. */
  settlesFromMs: number
}

const unmoved = {
  isOverall: false,
  movedAtMs: null,
  lastMovedAtMs: Number.NEGATIVE_INFINITY,
  unsettledAtMs: null,
  ratedAtMs: Number.NEGATIVE_INFINITY,
  settlesFromMs: Number.NEGATIVE_INFINITY,
}

function rankOf(side: Waiting): number {
  const late = side.movedAtMs === null ? 4 : 0
  return late + (side.isStyled ? 2 : 0) + (side.isOverall ? 0 : 1)
}

/**
 * In which order boards are rated: a lone vote at once, many of them every 200 ms; overall before
 * the slices, boards without style control before those with it, settling last.
 */
export function openPlan({ debounceMs, settleMs, settleMostMs }: PlanTiming = usualPlan): Plan {
  const sides = new Map<string, Waiting>()
  const keyOf = ({ boardId, isStyled }: Side): string => `${boardId} ${isStyled}`

  function sideOf(side: Side): Waiting {
    const known = sides.get(keyOf(side))
    if (known !== undefined) return known
    const fresh: Waiting = { ...side, ...unmoved }
    sides.set(keyOf(side), fresh)
    return fresh
  }

  function dueOf(side: Waiting): number {
    const moved = side.movedAtMs === null ? Infinity : side.ratedAtMs + debounceMs
    if (side.unsettledAtMs === null) return moved
    const paused = Math.min(side.lastMovedAtMs + settleMs, side.unsettledAtMs + settleMostMs)
    return Math.min(moved, Math.max(paused, side.ratedAtMs, side.settlesFromMs))
  }

  function waiting(): Waiting[] {
    return [...sides.values()].filter((side) => dueOf(side) < Number.POSITIVE_INFINITY)
  }

  return {
    moved({ isOverall, ...side }, nowMs) {
      const found = sideOf(side)
      found.isOverall = isOverall
      found.movedAtMs ??= nowMs
      found.lastMovedAtMs = nowMs
    },
    take(nowMs) {
      const [first] = waiting()
        .filter((side) => dueOf(side) <= nowMs)
        .sort((a, b) => rankOf(a) - rankOf(b) || (a.movedAtMs ?? 0) - (b.movedAtMs ?? 0))
      if (first === undefined) return null
      const isOverdue =
        first.unsettledAtMs !== null &&
        Math.max(first.unsettledAtMs + settleMostMs, first.settlesFromMs) <= nowMs
      const isSettled = first.movedAtMs === null || isOverdue
      first.movedAtMs = null
      if (isSettled) first.unsettledAtMs = null
      first.ratedAtMs = nowMs
      return { boardId: first.boardId, isStyled: first.isStyled, isSettled }
    },
    unsettled(side, nowMs) {
      sideOf(side).unsettledAtMs ??= nowMs
    },
    settled(side, nowMs, tookMs) {
      sideOf(side).settlesFromMs = nowMs + SETTLE_REST * tookMs
    },
    waitMs(nowMs) {
      const due = waiting().map(dueOf)
      return due.length === 0 ? null : Math.max(0, Math.min(...due) - nowMs)
    },
    get isEmpty() {
      return waiting().length === 0
    },
  }
}
