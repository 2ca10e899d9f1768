import { assert } from '../kernel/index.ts'
import { CounterFacts } from './counter-facts.ts'
import { Rate } from './rate.ts'
import type { Ask, Counted, Grant, Holder, Report, Timing } from './types.ts'

/** A part of a limit that this process may draw from for a short time. */
interface Slice {
  readonly id: string
  readonly amount: number
  readonly sentMs: number
  readonly openUntilMs: number
  /** Null: used beyond what was held; it was never open. */
  lastUseMs: number | null
  used: number
  /** Once the database was told what was used, no more may be drawn from it. */
  isReported: boolean
  /** Since when a report is due. */
  dueMs: number
}

/** What a request drew of one slice. */
export interface Part {
  readonly slice: object
  amount: number
}

/**
 * Requests or tokens in a sliding window, as one process sees them: the slices it leased. All
 * times are of a clock that never goes back.
 *
 * A slice counts in the database until a window after the last moment that it may be drawn from;
 * so whatever is drawn from it counts for a whole window at least.
 */
export class WindowCounter {
  readonly kind = 'window'
  readonly limitId: string
  readonly holder: Holder
  readonly metric: 'requests' | 'tokens'
  readonly facts: CounterFacts
  readonly #timing: Timing
  readonly #rate = new Rate()
  #open: Slice[] = []
  #due = new Set<Slice>()
  #quietUntilMs = 0
  #nextWishMs = 0

  constructor(counted: Counted, metric: 'requests' | 'tokens', timing: Timing) {
    this.limitId = counted.limitId
    this.holder = counted.holder
    this.metric = metric
    this.facts = new CounterFacts(counted.limit)
    this.#timing = timing
  }

  /** What can be drawn now without asking. */
  free(nowMs: number): number {
    let free = 0
    for (const slice of this.#open) if (nowMs < slice.openUntilMs) free += slice.amount - slice.used
    return free
  }

  /** Draws what is free, oldest first; at most `amount`. */
  draw(amount: number, nowMs: number): Part[] {
    this.#rate.note(amount, nowMs)
    this.facts.lastUseMs = nowMs
    const parts: Part[] = []
    let missing = amount
    for (const slice of this.#open) {
      if (missing === 0) break
      if (nowMs >= slice.openUntilMs) continue
      const drawn = Math.min(missing, slice.amount - slice.used)
      if (drawn === 0) continue
      slice.used += drawn
      slice.lastUseMs = nowMs
      missing -= drawn
      parts.push({ slice, amount: drawn })
    }
    if (this.#open.length > 1) this.#close(nowMs, (slice) => slice.used === slice.amount)
    return parts
  }

  /** Gives back what of `parts` was not used. It is free again while its slice is open. */
  giveBack(parts: readonly Part[], amount: number, nowMs: number): void {
    let rest = amount
    for (const part of parts.toReversed()) {
      const slice = part.slice as Slice
      const back = Math.min(rest, part.amount)
      slice.used -= back
      part.amount -= back
      rest -= back
      if (back > 0) this.#free(slice, nowMs)
    }
    assert(rest === 0, 'limits: no more is given back than was drawn')
    this.facts.forgetRefusal()
  }

  /** Counts what was used beyond what was held, whatever is left. `newId` names it. */
  add(amount: number, nowMs: number, newId: () => string): void {
    const drawn = this.draw(Math.min(amount, this.free(nowMs)), nowMs)
    const rest = drawn.reduce((missing, part) => missing - part.amount, amount)
    if (rest === 0) return
    this.#due.add({
      id: newId(),
      amount: rest,
      sentMs: nowMs,
      openUntilMs: nowMs,
      lastUseMs: null,
      used: rest,
      isReported: true,
      dueMs: nowMs,
    })
  }

  #free(slice: Slice, nowMs: number): void {
    if (this.#open.includes(slice)) return
    if (slice.isReported || nowMs >= slice.openUntilMs) {
      if (nowMs < slice.openUntilMs + this.#timing.windowMs) this.#report(slice, nowMs)
      return
    }
    this.#due.delete(slice)
    this.#open.push(slice)
  }

  #report(slice: Slice, nowMs: number): void {
    if (this.#due.has(slice)) return
    slice.dueMs = nowMs
    this.#due.add(slice)
  }

  #close(nowMs: number, isToClose: (slice: Slice) => boolean): void {
    const kept: Slice[] = []
    for (const slice of this.#open) {
      if (isToClose(slice)) this.#report(slice, nowMs)
      else kept.push(slice)
    }
    this.#open = kept
  }

  /** What was drawn from for as long as it may be is to be reported. */
  closeEnded(nowMs: number): void {
    if (this.#open.length > 0) this.#close(nowMs, (slice) => nowMs >= slice.openUntilMs)
  }

  /** Gives everything back that is not used, and leases no more than is needed for a while. */
  recall(nowMs: number): void {
    this.#close(nowMs, () => true)
    this.#quietUntilMs = nowMs + 2 * this.#timing.recallPauseMs
  }

  /** The time since the oldest report is due; null: none is. */
  dueSinceMs(): number | null {
    let since: number | null = null
    for (const { dueMs } of this.#due) since = since === null ? dueMs : Math.min(since, dueMs)
    return since
  }

  /** Whether nothing is leased and nothing is to be said. */
  get isIdle(): boolean {
    return this.#open.length === 0 && this.#due.size === 0
  }

  get leased(): number {
    return this.#open.reduce((sum, { amount, used }) => sum + amount - used, 0)
  }

  /** Takes the reports that are due; what could not be said is put back with `restore`. */
  takeReports(nowMs: number): { readonly reports: Report[]; readonly restore: () => void } {
    // What lies longer than a window back counts no more, reported or not.
    const oldestMs = nowMs - this.#timing.windowMs - this.#timing.openMs
    const taken = [...this.#due].filter(({ dueMs }) => dueMs > oldestMs)
    this.#due = new Set()
    for (const slice of taken) slice.isReported = true
    return {
      reports: taken.map((slice) => ({
        limitId: this.limitId,
        metric: this.metric,
        sliceId: slice.id,
        amount: slice.used,
        lastUseMs: slice.lastUseMs === null ? null : slice.lastUseMs - slice.sentMs,
      })),
      restore: () => {
        for (const slice of taken) this.#due.add(slice)
      },
    }
  }

  /** Whether it should ask for more before what it has is used up. */
  wants(nowMs: number): boolean {
    if (nowMs < this.#nextWishMs || this.facts.isRefused(nowMs)) return false
    const extra = this.extra(nowMs)
    if (extra < 2) return false
    const last = this.#open.at(-1)
    const isEnding = last === undefined || nowMs > last.openUntilMs - this.#timing.openMs / 5
    return isEnding || this.free(nowMs) < extra / 5
  }

  /** Whether it takes part in a statement that goes anyway: not each counter needs its own. */
  wantsSoon(nowMs: number): boolean {
    const last = this.#open.at(-1)
    if (last === undefined || this.facts.isRefused(nowMs)) return false
    return nowMs > last.openUntilMs - this.#timing.openMs / 2 && this.extra(nowMs) >= 2
  }

  /** What will be needed while a slice is open, by what was lately. */
  extra(nowMs: number): number {
    if (nowMs < this.#quietUntilMs) return 0
    return Math.floor((this.#rate.perSecond(nowMs) * this.#timing.openMs * 1.5) / 1_000)
  }

  composeAsk(need: { least: number; most: number; sliceId: string; nowMs: number }): Ask {
    const { least, most, sliceId, nowMs } = need
    this.#nextWishMs = nowMs + this.#timing.openMs / 5
    const { limitId, metric } = this
    return { limitId, metric, sliceId, least, most, extra: this.extra(nowMs), held: 0 }
  }

  /** Takes up an answer. `sentMs`: before the ask was sent. */
  accept(ask: Ask, grant: Grant, sentMs: number, nowMs: number): void {
    this.facts.learn(grant, nowMs)
    if (grant.granted === 0) return
    this.#open.push(this.#sliceOf(ask.sliceId, grant.granted, sentMs))
  }

  /** An ask whose answer is not known: what may have been granted is given back unused. */
  abandon(ask: Ask, sentMs: number, nowMs: number): void {
    this.#report(this.#sliceOf(ask.sliceId, 0, sentMs), nowMs)
  }

  #sliceOf(id: string, amount: number, sentMs: number): Slice {
    const openUntilMs = sentMs + this.#timing.openMs
    return {
      id,
      amount,
      sentMs,
      openUntilMs,
      lastUseMs: sentMs,
      used: 0,
      isReported: false,
      dueMs: sentMs,
    }
  }
}
