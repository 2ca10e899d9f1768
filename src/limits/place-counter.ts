import { CounterFacts } from './counter-facts.ts'
import type { Ask, Counted, Grant, Holder, Timing } from './types.ts'

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
  /** One row for this process and counter, as long as they live. */
  readonly #sliceId: string
  #leased = 0
  #running = 0
  #confirmedMs = Number.NEGATIVE_INFINITY
  /** The fewest free places since the last look. */
  #idle = 0
  #isGivingBack = false
  #quietUntilMs = 0

  constructor(counted: Counted, options: { timing: Timing; sliceId: string }) {
    this.limitId = counted.limitId
    this.holder = counted.holder
    this.facts = new CounterFacts(counted.limit)
    this.#timing = options.timing
    this.#sliceId = options.sliceId
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
    this.#quietUntilMs = nowMs + 2 * this.#timing.recallPauseMs
  }

  #lower(places: number): void {
    if (places >= this.#leased) return
    this.#leased = places
    this.#isGivingBack = true
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
    return { limitId, metric, sliceId: this.#sliceId, least, most, extra, held: this.#leased }
  }

  accept(ask: Ask, grant: Grant, sentMs: number, nowMs: number): void {
    this.facts.learn(grant, nowMs)
    this.#leased = ask.held + grant.granted
    this.#confirmedMs = sentMs
  }

  /** An ask whose answer is not known: the next one tells the whole truth again. */
  abandon(): void {
    this.#isGivingBack = true
  }
}
