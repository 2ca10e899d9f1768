import type { LiveListing } from '../catalog/index.ts'
import { pricedListing } from './priced-listing.ts'
import type { CostTime, Pricing } from './service.ts'
import type { Converted, Cost, PricedListing, Tokens, UnknownCost } from './types.ts'

/** Prices as the way of a request needs them: by its listing, from memory. */
export function requestPrices(
  pricing: Pick<Pricing, 'costOf' | 'priceAt' | 'typicalCost' | 'inUsd'>,
) {
  // The catalog gives new objects when it changes: what was found for the old ones goes with them.
  const known = new WeakMap<LiveListing, PricedListing>()
  const pricedOf = (live: LiveListing): PricedListing => {
    const before = known.get(live)
    if (before !== undefined) return before
    const listing = pricedListing(live)
    known.set(live, listing)
    return listing
  }
  return {
    isTimed: (live: LiveListing, atMs: number): boolean =>
      pricing.priceAt(pricedOf(live), atMs)?.price.version.terms.kind === 'hourly',
    costOf: (live: LiveListing, tokens: Tokens, time: CostTime): Cost | UnknownCost =>
      pricing.costOf(pricedOf(live), tokens, time),
    inUsd: pricing.inUsd,
    /** See `Pricing.typicalCost`: comparable between all listings, or null. */
    typicalCost: (live: LiveListing, atMs: number): Converted | null =>
      pricing.typicalCost(pricedOf(live), atMs),
  }
}
