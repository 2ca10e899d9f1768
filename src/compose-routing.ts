import { namedListingsOf, type Parts } from './compose-routes.ts'
import { systemClock as clock, type Log } from './kernel/index.ts'
import { type KeptRules, type OpenRouting, openRouting } from './routing/index.ts'
import type { Store } from './store/index.ts'

const PICO = 1e12

/** Routing over the catalog, its prices and the boards. */
export function openRoutingOf(
  { catalog, pricing, boards }: Pick<Parts, 'catalog' | 'pricing' | 'boards'>,
  ground: { readonly store: Store; readonly log: Log; readonly rules: KeptRules },
): OpenRouting {
  const listings = namedListingsOf(catalog)
  return openRouting({
    ...ground,
    clock,
    catalog,
    boards,
    priceOf(listingId) {
      const listing = listings().get(listingId)
      const price = listing === undefined ? null : pricing.priceOf(listing, clock.nowMs())
      return price === null ? null : Number(price.amountPico) / PICO
    },
    fromUsd(amount) {
      const usd = { currency: 'USD', amountPico: BigInt(Math.round(amount * PICO)) }
      const found = pricing.convert(usd, pricing.currency, clock.nowMs())
      return found === null ? null : Number(found.amountPico) / PICO
    },
  })
}
