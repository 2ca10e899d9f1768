import { expect, test } from 'vitest'
import { revealRows } from './format-reveal.ts'

test('who answered is told with cost, time and tokens, or that they are not known', () => {
  const cost = { amount: '0.0012', currency: 'USD', known: true, reason: null, price_ref: 'p' }
  const side = { listing_id: null, variant_id: null, provider: 'p', total_ms: 1_234 }
  const none = { amount: null, currency: null, known: false, reason: 'no_price', price_ref: null }
  const rows = revealRows({
    a: { ...side, model: 'k/a', cost, tokens: { input: 3, output: 1_200 } },
    b: { ...side, model: 'k/b', cost: none, total_ms: null, tokens: null },
  })
  expect(rows).toEqual([
    ['A', 'k/a', 'p', '0.0012 USD', '1.2 s', '1,200'],
    ['B', 'k/b', 'p', 'unknown', 'unknown', 'unknown'],
  ])
})
