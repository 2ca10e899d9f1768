import { expect, it } from 'vitest'
import { liveListing } from '../../tests/support/gateway.ts'
import { newId } from '../kernel/index.ts'
import { compilePrice, costOf, NO_PRICE } from './cost-of.ts'
import { readTerms } from './read-terms.ts'
import { requestPrices } from './request-prices.ts'
import type { PricedListing } from './types.ts'

const live = liveListing({
  providerId: newId<'provider'>(),
  dialect: 'openai',
  baseUrl: 'https://api.example.com/v1',
  socketPath: null,
  authHeader: null,
  quirks: { acceptsStreamOptions: true, rejectedParameters: [] },
})
const tokens = { input: 1, cachedInput: 0, cacheWrite: 0, output: 0, reasoning: 0 }

function pricesOf(terms: object | null) {
  const asked: PricedListing[] = []
  const price =
    terms === null
      ? null
      : compilePrice({
          ...{ ref: 'r', fromMs: null, currency: 'USD', source: 's' },
          terms: readTerms(terms as never),
        })
  const prices = requestPrices({
    priceAt: (listing) => {
      asked.push(listing)
      return price === null ? null : { layer: 'listing', price }
    },
    costOf: (listing, used, time) => {
      asked.push(listing)
      return price === null ? NO_PRICE : costOf(price, used, time)
    },
    inUsd: () => '1',
    typicalCost: (listing) => {
      asked.push(listing)
      return { amountPico: 1n, currency: 'USD', rateDay: null }
    },
  })
  return { prices, asked }
}

it('finds prices by the same object for the same listing', () => {
  const { prices, asked } = pricesOf({ input: '3' })
  const time = { atMs: 0, computeMs: null }
  expect(prices.costOf(live, tokens, time)).toMatchObject({ isKnown: true, amountPico: 3_000_000n })
  prices.costOf(live, tokens, time)
  expect(asked[0]).toBe(asked[1])
  expect(prices.typicalCost(live, 0)?.amountPico).toBe(1n)
  expect(asked[0]).toBe(asked[2])
  expect(asked[0]).toMatchObject({ listingId: live.listingId, isHere: false })
})

it('tells where time is what is paid for', () => {
  expect(pricesOf({ per_hour: '1' }).prices.isTimed(live, 0)).toBe(true)
  expect(pricesOf({ input: '1' }).prices.isTimed(live, 0)).toBe(false)
  expect(pricesOf(null).prices.isTimed(live, 0)).toBe(false)
})
