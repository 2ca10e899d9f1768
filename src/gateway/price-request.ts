import type { LiveListing } from '../catalog/index.ts'
import type { TokenBuckets } from '../metering/index.ts'
import type { Cost, UnknownCost } from '../pricing/index.ts'
import type { SharedTime } from './share-time.ts'
import type { Admitted, Relay } from './types.ts'

type Means = Pick<Relay, 'prices' | 'computing' | 'clock' | 'log'>

const NOT_PRICED: UnknownCost = { isKnown: false, reason: 'not_priced' }

/** A bug in what prices are made of costs neither the record of a request nor its answer. */
export class RequestPrice {
  readonly #relay: Means
  readonly #admitted: Pick<Admitted, 'requestId' | 'startedAtMs'>
  /** Null: nothing is paid by time where it was sent. */
  #time: SharedTime | null = null
  #timedProviderId: string | null = null
  #beganAt = 0
  computeMs: number | null = null
  cost: Cost | UnknownCost = NOT_PRICED

  constructor(relay: Means, admitted: Pick<Admitted, 'requestId' | 'startedAtMs'>) {
    this.#relay = relay
    this.#admitted = admitted
  }

  /** It was sent to a listing: time runs, where that is paid for. It must be ended from then on. */
  begin(listing: LiveListing): void {
    const { prices, computing, clock } = this.#relay
    const { startedAtMs } = this.#admitted
    if (this.#guard(() => prices?.isTimed(listing, startedAtMs)) !== true) return
    this.#timedProviderId = listing.endpoint.providerId
    this.#time = computing.of(this.#timedProviderId)
    this.#beganAt = this.#time.begin(clock.monotonicMs())
  }

  /** Ends it, once, for the listing that decided; null: nothing was sent. */
  end(listing: LiveListing, tokens: TokenBuckets | null): void {
    const { prices, clock } = this.#relay
    const sharedMs = this.#time?.end(this.#beganAt, clock.monotonicMs()) ?? null
    if (prices === undefined || tokens === null) return
    const { startedAtMs: atMs } = this.#admitted
    // Time at another provider is not what was measured.
    this.computeMs = listing.endpoint.providerId === this.#timedProviderId ? sharedMs : null
    const time = { atMs, computeMs: this.computeMs }
    this.cost = this.#guard(() => prices.costOf(listing, tokens, time)) ?? NOT_PRICED
  }

  /** Dollars as decimal text; null: not known. */
  get usd(): string | null {
    const { cost } = this
    if (!cost.isKnown) return null
    const { startedAtMs } = this.#admitted
    return this.#guard(() => this.#relay.prices?.inUsd(cost, startedAtMs)) ?? null
  }

  #guard<T>(call: () => T): T | undefined {
    try {
      return call()
    } catch (error) {
      const reason = error instanceof Error ? error.stack : String(error)
      const fields = { request_id: this.#admitted.requestId, reason }
      this.#relay.log.error(fields, 'what a request costs was not found out')
      return undefined
    }
  }
}
