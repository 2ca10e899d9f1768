import { formatPico, type JsonObject } from '../kernel/index.ts'
import type { CompiledPrice } from './cost-of.ts'
import { writeTerms } from './read-terms.ts'
import type { InForce, Schedule } from './schedule.ts'
import type { Cost, ExchangeRate, PriceLayer, UnknownCost } from './types.ts'

/** A price as the API shows it; null: none is known. */
export function shapePrice(found: InForce | null): JsonObject | null {
  return found === null ? null : shapeVersion(found.layer, found.price)
}

function shapeVersion(layer: PriceLayer, { version, fromMs }: CompiledPrice): JsonObject {
  const { terms, currency, source, ref } = version
  return {
    kind: terms.kind,
    currency: terms.kind === 'none' ? null : currency,
    ...writeTerms(terms),
    from: Number.isFinite(fromMs) ? new Date(fromMs).toISOString() : null,
    set_by: layer,
    source,
    ref,
  }
}

/** Everything that is known of a price, strongest layer first, each newest first. */
export function shapeSchedule({ layers }: Schedule): JsonObject[] {
  return layers.flatMap(({ layer, versions }) =>
    versions.toReversed().map((price) => shapeVersion(layer, price)),
  )
}

/** A cost as usage shows it: an amount as decimal text, or why there is none. */
export function shapeCost(cost: Cost | UnknownCost): JsonObject {
  if (!cost.isKnown)
    return { amount: null, currency: null, known: false, reason: cost.reason, price_ref: null }
  const { amountPico, currency, priceRef } = cost
  return {
    amount: formatPico(amountPico),
    currency,
    known: true,
    reason: null,
    price_ref: priceRef,
  }
}

export function shapeRate({ base, quote, text, day, source, ref }: ExchangeRate): JsonObject {
  return { base, quote, rate: text, day, source, ref }
}
