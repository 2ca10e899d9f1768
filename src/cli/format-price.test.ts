import { expect, it } from 'vitest'
import type { PriceAnswer } from './answers.ts'
import { formatPrice, formatPrices, priceDay, priceLines, setBy } from './format-price.ts'

const price: PriceAnswer = {
  kind: 'tokens',
  currency: 'USD',
  input: '3',
  output: '15',
  from: '2026-08-12T00:00:00.000Z',
  set_by: 'data',
  source: 'https://prices.example',
}

it.each<[PriceAnswer | null, string]>([
  [price, '3/15 USD'],
  [{ ...price, tiers: [{ above_tokens: 32_000, input: '6' }] }, '3/15 USD *'],
  [{ kind: 'tokens', currency: 'CNY', from: null, input: '1' }, '1/– CNY'],
  [{ kind: 'free', currency: 'USD', from: null }, 'free'],
  [{ kind: 'hourly', currency: 'EUR', from: null, per_hour: '0.4' }, '0.4 EUR/h'],
  [{ kind: 'none', currency: null, from: null }, 'none of yours'],
  [{ kind: 'unreadable', currency: 'USD', from: null }, 'set by a newer version'],
  [null, 'unpriced'],
])('formatPrice of %j is %s', (one, text) => {
  expect(formatPrice(one)).toBe(text)
})

it('tells of several listings each price once, and of none that it has none', () => {
  expect(formatPrices([price, price, null])).toBe('3/15 USD, unpriced')
  expect(formatPrices([])).toBe('unpriced')
})

it('tells every part of a price', () => {
  const lines = priceLines({
    ...price,
    cached_input: '0.3',
    per_request: '0.005',
    tiers: [{ above_tokens: 32_000, input: '6', output: '30' }],
    windows: [{ from: '16:30', to: '00:30', input: '1', output: '5' }],
    batch: { input: '1.5' },
  })
  expect(lines).toEqual([
    '  cached input 0.3 USD',
    '  each request 0.005 USD',
    '  above 32,000 tokens of input: 6/30',
    '  from 16:30 to 00:30 UTC: 1/5',
    '  in batches: 1.5/–',
  ])
})

it('tells since when, and who says so', () => {
  expect([priceDay(price), setBy(price)]).toEqual(['2026-08-12', 'published'])
  expect(priceDay({ ...price, from: null })).toBe('always')
})
