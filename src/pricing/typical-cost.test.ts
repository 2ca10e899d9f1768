import { expect, it } from 'vitest'
import { compilePrice } from './cost-of.ts'
import { readTerms } from './read-terms.ts'
import { typicalCostBy } from './typical-cost.ts'

function expected(terms: object) {
  const version = {
    ref: '',
    fromMs: null,
    currency: 'CNY',
    terms: readTerms(terms as never),
    source: '',
  }
  return typicalCostBy(compilePrice(version), 0)
}

it('is what 1,000 tokens in and 500 out cost, in the currency of the price', () => {
  expect(expected({ input: '3', output: '15' })).toEqual({
    amountPico: 10_500_000_000n,
    currency: 'CNY',
  })
  expect(expected({ free: true })?.amountPico).toBe(0n)
})

it('is not known where a part is not priced, or time is what is paid for', () => {
  expect(expected({ input: '3' })).toBeNull()
  expect(expected({ per_hour: '3' })).toBeNull()
})
