import { assert } from '../kernel/index.ts'
import { CounterFacts } from './counter-facts.ts'
import { Rate } from './rate.ts'
import {
  type Ask,
  type Counted,
  type Grant,
  type Holder,
  LARGEST_LIMIT,
  type Report,
  type Timing,
} from './types.ts'

/** A part of a limit that this process may draw from for a short time. */
interface Lease {
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

/** What a request drew of one lease. */
export interface Part {
  readonly lease: Lease
  amount: number
}

/** Where a counter adds itself when it has something leased or something to say. */
interface Busy {
  add(counter: WindowCounter): unknown
}

/**
 * Requests or tokens in a sliding window, as one process sees them: the leases it has. All
 * times are of a clock that never goes back.
 *
 * A lease counts in the database until a window after the last moment that it may be drawn from;
 * so whatever is drawn from it counts for a whole window at least.
 */
export class WindowCounter {
  readonly kind = 'window'
  readonly limitId: string
  readonly holder: Holder
  readonly metric: 'requests' | 'tokens'
  readonly facts: CounterFacts
  readonly #timing: Timing
  readonly #busy: Busy
  readonly #rate = new Rate()
  #open: Lease[] = []
  #due = new Set<Lease>()
  #quietUntilMs = 0
  #nextWishMs = 0

  constructor(
    counted: Counted,
    metric: 'requests' | 'tokens',
    { timing, busy }: { readonly timing: Timing; readonly busy: Busy },
  ) {
    this.limitId = counted.limitId
    this.holder = counted.holder
    this.metric = metric
    this.facts = new CounterFacts(counted.limit)
    this.#timing = timing
    this.#busy = busy
  }

  /** What can be drawn now without asking. */
  free(nowMs: number): number {
    let free = 0
    for (const lease of this.#open) if (nowMs < lease.openUntilMs) free += lease.amount - lease.used
    return free
  }

  /** Draws what is free, oldest first; at most `amount`. */
  draw(amount: number, nowMs: number): Part[] {
    this.#rate.note(amount, nowMs)
    this.facts.lastUseMs = nowMs
    const parts: Part[] = []
    let missing = amount
    for (const lease of this.#open) {
      if (missing === 0) break
      if (nowMs >= lease.openUntilMs) continue
      const drawn = Math.min(missing, lease.amount - lease.used)
      if (drawn === 0) continue
      lease.used += drawn
      lease.lastUseMs = nowMs
      missing -= drawn
      parts.push({ lease, amount: drawn })
    }
    if (this.#open.length > 1) this.#close(nowMs, (lease) => lease.used === lease.amount)
    return parts
  }

  /** Gives back what of `parts` was not used. It is free again while its lease is open. */
  giveBack(parts: readonly Part[], amount: number, nowMs: number): void {
    let rest = amount
    for (const part of parts.toReversed()) {
      const { lease } = part
      const back = Math.min(rest, part.amount)
      lease.used -= back
      part.amount -= back
      rest -= back
      if (back > 0) this.#free(lease, nowMs)
    }
    assert(rest === 0, 'limits: no more is given back than was drawn')
    this.facts.forgetRefusal()
  }

  /** Counts what was used beyond what was held, whatever is left. `newId` names it. */
  add(beyond: number, nowMs: number, newId: () => string): void {
    const amount = Math.min(beyond, LARGEST_LIMIT)
    const drawn = this.draw(Math.min(amount, this.free(nowMs)), nowMs)
    const rest = drawn.reduce((missing, part) => missing - part.amount, amount)
    if (rest === 0) return
    this.#owe({
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

  #free(lease: Lease, nowMs: number): void {
    if (this.#open.includes(lease)) return
    if (lease.isReported || nowMs >= lease.openUntilMs) {
      if (nowMs < lease.openUntilMs + this.#timing.windowMs) this.#report(lease, nowMs)
      return
    }
    this.#due.delete(lease)
    this.#keep(lease)
  }

  #keep(lease: Lease): void {
    this.#open.push(lease)
    this.#busy.add(this)
  }

  #owe(lease: Lease): void {
    this.#due.add(lease)
    this.#busy.add(this)
  }

  #report(lease: Lease, nowMs: number): void {
    if (this.#due.has(lease)) return
    lease.dueMs = nowMs
    this.#owe(lease)
  }

  #close(nowMs: number, isToClose: (lease: Lease) => boolean): void {
    const kept: Lease[] = []
    for (const lease of this.#open) {
      if (isToClose(lease)) this.#report(lease, nowMs)
      else kept.push(lease)
    }
    this.#open = kept
  }

  /** What was drawn from for as long as it may be is to be reported. */
  closeEnded(nowMs: number): void {
    if (this.#open.length > 0) this.#close(nowMs, (lease) => nowMs >= lease.openUntilMs)
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
    for (const lease of taken) lease.isReported = true
    return {
      reports: taken.map((lease) => ({
        limitId: this.limitId,
        metric: this.metric,
        leaseId: lease.id,
        amount: lease.used,
        lastUseMs: lease.lastUseMs === null ? null : lease.lastUseMs - lease.sentMs,
      })),
      restore: () => {
        for (const lease of taken) this.#owe(lease)
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

  /** What will be needed while a lease is open, by what was lately. */
  extra(nowMs: number): number {
    if (nowMs < this.#quietUntilMs) return 0
    return Math.floor((this.#rate.perSecond(nowMs) * this.#timing.openMs * 1.5) / 1_000)
  }

  composeAsk(need: { least: number; most: number; leaseId: string; nowMs: number }): Ask {
    const { least, most, leaseId, nowMs } = need
    this.#nextWishMs = nowMs + this.#timing.openMs / 5
    const { limitId, metric } = this
    return { limitId, metric, leaseId, least, most, extra: this.extra(nowMs), held: 0 }
  }

  /** Takes up an answer. `sentMs`: before the ask was sent. */
  accept(ask: Ask, grant: Grant, sentMs: number, nowMs: number): void {
    this.facts.learn(grant, nowMs)
    if (grant.granted === 0) return
    this.#keep(this.#leaseOf(ask.leaseId, grant.granted, sentMs))
  }

  /** An ask whose answer is not known: what may have been granted is given back unused. */
  abandon(ask: Ask, sentMs: number, nowMs: number): void {
    this.#report(this.#leaseOf(ask.leaseId, 0, sentMs), nowMs)
  }

  #leaseOf(id: string, amount: number, sentMs: number): Lease {
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
