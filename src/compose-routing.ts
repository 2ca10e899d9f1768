import { namedListingsOf, type Parts } from './compose-routes.ts'
import { systemClock as clock, type Log } from './kernel/index.ts'
import {
  type KeptRules,
  type OpenRouting,
  openRetirements,
  openRouting,
  type Retirements,
} from './routing/index.ts'
import type { Store } from './store/index.ts'

const PICO = 1e12
const RULES_EVERY_MS = 600_000

/** What routing opens: who answers `auto`, and who leaves the market. */
export interface RoutingParts {
  readonly routing: OpenRouting
  readonly retirements: Retirements
}

/** Routing over the catalog, its prices and the boards. */
export function openRoutingOf(
  { catalog, pricing, boards }: Pick<Parts, 'catalog' | 'pricing' | 'boards'>,
  ground: { readonly store: Store; readonly log: Log; readonly rules: KeptRules },
): RoutingParts {
  const listings = namedListingsOf(catalog)
  const priceOf = (listingId: string): number | null => {
    const listing = listings().get(listingId)
    const price = listing === undefined ? null : pricing.priceOf(listing, clock.nowMs())
    return price === null ? null : Number(price.amountPico) / PICO
  }
  const inOwn = (amount: { readonly currency: string; readonly amountPico: bigint }) => {
    const found = pricing.convert(amount, pricing.currency, clock.nowMs())
    return found === null ? null : Number(found.amountPico) / PICO
  }
  const on = { ...ground, clock, catalog, boards, priceOf, inOwn }
  const fromUsd = (amount: number): number | null =>
    inOwn({ currency: 'USD', amountPico: BigInt(Math.round(amount * PICO)) })
  return { routing: openRouting({ ...on, fromUsd }), retirements: openRetirements(on) }
}

/** What the owner lets the market do by itself is done now and then. */
export function runRetirements({ retirements }: RoutingParts, log: Log): () => void {
  const running = setInterval(() => {
    retirements.runRules().catch((error: unknown) => {
      log.warn({ reason: String(error) }, 'models could not be retired by rule')
    })
  }, RULES_EVERY_MS).unref()
  return () => clearInterval(running)
}
