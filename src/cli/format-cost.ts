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
