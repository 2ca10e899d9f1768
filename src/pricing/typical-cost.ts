import { type CompiledPrice, costOf } from './cost-of.ts'

/**
 * A request that stands for many, so that prices with different parts can be compared: what people
 * ask is on the whole longer than what they are answered. Nothing is cached, nothing reasoned.
 */
const TYPICAL_TOKENS = {
  input: 1_000,
  cachedInput: 0,
  cacheWrite: 0,
  output: 500,
  reasoning: 0,
} as const

/** What the typical request costs by a price; null: a part is not priced, or it is for time. */
export function typicalCostBy(
  price: CompiledPrice,
  atMs: number,
): { readonly amountPico: bigint; readonly currency: string } | null {
  const cost = costOf(price, TYPICAL_TOKENS, { atMs, computeMs: null })
  return cost.isKnown ? { amountPico: cost.amountPico, currency: cost.currency } : null
}
