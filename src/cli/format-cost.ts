import { formatPico, PICO_PER_UNIT, parseDecimal } from '../kernel/index.ts'
import type { UsageAnswer } from './answers.ts'
import { UNKNOWN } from './words.ts'

type Cost = NonNullable<UsageAnswer['cost']>

/** What a request cost, to three digits: `0.0122 USD`; `unknown` where nobody knows. */
export function formatCost(cost: Cost | undefined): string {
  if (cost?.known !== true || cost.amount === null || cost.currency === null) return UNKNOWN
  return formatAmount(cost.amount, cost.currency)
}

/** An amount to three digits, or to the hundredth where that is more. */
export function formatAmount(amount: string, currency: string): string {
  const value = Number(amount)
  const text = value >= 1 ? value.toFixed(2) : String(Number(value.toPrecision(3)))
  return `${text.includes('e') ? amount : text} ${currency}`
}

/** Exact sums by currency, as decimal text. */
export function sumAmounts(costs: readonly Cost[]): Map<string, string> {
  const sums = new Map<string, bigint>()
  for (const { amount, currency } of costs) {
    const exact = amount === null ? null : parseDecimal(amount)
    if (exact === null || currency === null) continue
    const pico = (exact.numerator * PICO_PER_UNIT) / exact.denominator
    sums.set(currency, (sums.get(currency) ?? 0n) + pico)
  }
  return new Map([...sums].map(([currency, pico]) => [currency, formatPico(pico)]))
}
