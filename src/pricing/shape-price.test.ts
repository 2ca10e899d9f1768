import { expect, it } from 'vitest'
import { compilePrice } from './cost-of.ts'
import { readTerms } from './read-terms.ts'
import { shapeCost, shapePrice, shapeSchedule } from './shape-price.ts'

const price = compilePrice({
  ref: 'owner:1',
  fromMs: Date.parse('2026-11-25T00:00:00Z'),
  currency: 'USD',
  terms: readTerms({ input: '3', output: '15' }),
  source: 'owner',
})
const SHAPED = {
  kind: 'tokens',
  currency: 'USD',
  input: '3',
  output: '15',
  from: '2026-11-25T00:00:00.000Z',
  set_by: 'listing',
  source: 'owner',
  ref: 'owner:1',
}

it('shows a price with its date and source, and none as null', () => {
  expect(shapePrice({ layer: 'listing', price })).toEqual(SHAPED)
  expect(shapePrice(null)).toBeNull()
})

it('shows all versions, strongest layer first, newest first', () => {
  const older = { ...price, fromMs: Number.NEGATIVE_INFINITY }
  const shaped = shapeSchedule({ layers: [{ layer: 'listing', versions: [older, price] }] })
  expect(shaped.map(({ from }) => from)).toEqual([SHAPED.from, null])
})

it('shows a cost exactly, and an unknown one never as zero', () => {
  const cost = {
    isKnown: true,
    amountPico: 12_207_000_000n,
    currency: 'USD',
    priceRef: 'r',
  } as const
  expect(shapeCost(cost)).toEqual({
    amount: '0.012207',
    currency: 'USD',
    known: true,
    reason: null,
    price_ref: 'r',
  })
  expect(shapeCost({ isKnown: false, reason: 'no_price' })).toEqual({
    amount: null,
    currency: null,
    known: false,
    reason: 'no_price',
    price_ref: null,
  })
})
