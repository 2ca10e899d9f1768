import { CounterFacts } from './counter-facts.ts'
import type { Ask, Counted, Grant, Holder, Timing } from './types.ts'

/** Where a counter adds itself when it has something leased or something to say. */
interface Busy {
  add(counter: PlaceCounter): unknown
}

/**
 * Requests that run at the same time, as one process sees them: the places it leased. The lease
 * counts for a while and is renewed; a process that died renews nothing.
 */
export class PlaceCounter {
  readonly kind = 'place'
  readonly limitId: string
  readonly holder: Holder
  readonly metric = 'concurrent'
  readonly facts: CounterFacts
  readonly #timing: Timing
  readonly #busy: Busy
  /** One row for this process and counter, as long as they live. */
  readonly #leaseId: string
  #leased = 0
  #running = 0
  #confirmedMs = Number.NEGATIVE_INFINITY
  /** The fewest free places since the last look. */
  #idle = 0
  #isGivingBack = false
  /** It was asked back since the last ask. */
  #isRecalled = false
  #quietUntilMs = 0

  constructor(counted: Counted, options: { timing: Timing; busy: Busy; leaseId: string }) {
    this.limitId = counted.limitId
    this.holder = counted.holder
    this.facts = new CounterFacts(counted.limit)
    this.#timing = options.timing
    this.#busy = options.busy
    this.#leaseId = options.leaseId
  }

  free(nowMs: number): number {
    if (nowMs >= this.#confirmedMs + this.#timing.placeLeaseMs) return 0
    return Math.max(0, this.#leased - this.#running)
  }

  draw(nowMs: number): void {
    this.facts.lastUseMs = nowMs
    this.#running += 1
    this.#idle = Math.min(this.#idle, Math.max(0, this.#leased - this.#running))
  }

  release(): void {
    this.#running -= 1
    this.facts.forgetRefusal()
  }

  get leased(): number {
    return Math.max(0, this.#leased - this.#running)
  }

  get isIdle(): boolean {
    return this.#leased === 0 && this.#running === 0 && !this.#isGivingBack
  }

  /** Gives back what nobody needed since the last look. */
  shrink(): void {
    if (this.#idle > 0) this.#lower(Math.max(this.#running, this.#leased - this.#idle))
    this.#idle = Math.max(0, this.#leased - this.#running)
  }

  /** Gives everything back that is free, and leases no more than is needed for a while. */
  recall(nowMs: number): void {
    this.#lower(this.#running)
    this.#isRecalled = true
    this.#quietUntilMs = nowMs + 2 * this.#timing.recallPauseMs
  }

  #lower(places: number): void {
    if (places >= this.#leased) return
    this.#leased = places
    this.#owe()
  }

  /** The database is to be told how many places are kept. */
  #owe(): void {
    this.#isGivingBack = true
    this.#busy.add(this)
  }

  /** Whether the database is to be told how many places are kept. */
  wants(nowMs: number): boolean {
    if (this.#isGivingBack) return true
    return (
      this.#leased + this.#running > 0 && nowMs >= this.#confirmedMs + this.#timing.placeRenewMs
    )
  }

  composeAsk(need: { least: number; most: number; nowMs: number }): Ask {
    const { limitId, metric } = this
    const { least, most, nowMs } = need
    // What runs counts, whether or not its lease was kept up.
    this.#leased = Math.max(this.#running, this.free(nowMs) + this.#running)
    const isQuiet = most === 0 || nowMs < this.#quietUntilMs
    const extra = isQuiet ? 0 : Math.floor((this.#running + most) / 8)
    this.#isGivingBack = false
    this.#isRecalled = false
    return { limitId, metric, leaseId: this.#leaseId, least, most, extra, held: this.#leased }
  }

  accept(ask: Ask, grant: Grant, sentMs: number, nowMs: number): void {
    this.facts.learn(grant, nowMs)
    // What was given back since the ask stays given back: the next one tells.
    const kept = this.#isRecalled ? Math.min(grant.granted, ask.most) : grant.granted
    this.#leased += kept
    this.#confirmedMs = sentMs
    if (kept < grant.granted) this.#owe()
    if (!this.isIdle) this.#busy.add(this)
  }

  /** An ask whose answer is not known: the next one tells the whole truth again. */
  abandon(): void {
    this.#owe()
  }
}
