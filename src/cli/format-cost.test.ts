import { expect, it } from 'vitest'
import { formatAmount, formatCost } from './format-cost.ts'

const cost = (amount: string | null, currency: string | null) =>
  ({ amount, currency, known: amount !== null }) as const

it.each([
  ['0.012207', '0.0122 USD'],
  ['12.3456', '12.35 USD'],
  ['0', '0 USD'],
  ['0.000000000001', '0.000000000001 USD'],
])('%s is shown as %s', (amount, text) => {
  expect(formatAmount(amount, 'USD')).toBe(text)
})

it('an unknown cost is no zero', () => {
  expect(formatCost(cost(null, null))).toBe('unknown')
  expect(formatCost(undefined)).toBe('unknown')
  expect(formatCost(cost('0', 'USD'))).toBe('0 USD')
})
