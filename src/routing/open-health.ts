import { Breaker } from './breaker.ts'
import type { ListingHealth } from './types.ts'

/** Far more listings than any market has on; beyond it the one that came first is forgotten. */
const MOST_LISTINGS = 10_000

/** How every listing that was asked lately is doing, as this process has seen it. */
export interface Health {
  /** The breaker of a listing: a new one when it was not asked lately. */
  breakerOf(listingId: string): Breaker
  /** Null: it was not asked lately. */
  health(listingId: string): ListingHealth | null
  /** Those that were asked lately. */
  list(): readonly ListingHealth[]
}

/** Health in memory. It forgets listings that nobody has asked for a quarter of an hour. */
export function openHealth(monotonicMs: () => number): Health {
  const breakers = new Map<string, Breaker>()

  function forget(): void {
    const nowMs = monotonicMs()
    for (const [listingId, breaker] of breakers)
      if (breaker.isForgettable(nowMs)) breakers.delete(listingId)
    for (const listingId of breakers.keys()) {
      if (breakers.size < MOST_LISTINGS) return
      breakers.delete(listingId)
    }
  }

  return {
    breakerOf(listingId) {
      const known = breakers.get(listingId)
      if (known !== undefined) return known
      forget()
      const breaker = new Breaker()
      breakers.set(listingId, breaker)
      return breaker
    },
    health: (listingId) => breakers.get(listingId)?.health(listingId, monotonicMs()) ?? null,
    list() {
      forget()
      const nowMs = monotonicMs()
      return [...breakers].map(([listingId, breaker]) => breaker.health(listingId, nowMs))
    },
  }
}
