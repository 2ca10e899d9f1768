import { expect, it } from 'vitest'
import type { MarketClient } from './client.ts'
import { findOldRates } from './old-rates.ts'

const NOW_MS = Date.parse('2026-11-25T12:00:00Z')

/** A market whose sums took a rate of that day. */
function marketOf(day: string | null, codes = ['USD', 'CNY']): MarketClient {
  const total = {
    costs: codes.map((currency) => ({ amount: '1', currency, request_count: 1 })),
    cost: { amount: '8', currency: 'CNY', known: true, rate_day: day },
  }
  return { get: async () => ({ total }) } as unknown as MarketClient
}

it('tells of a rate in use that is older than 90 days, and how to set one', async () => {
  expect(await findOldRates(marketOf('2026-05-08'), NOW_MS)).toEqual({
    found: 'sums from USD to CNY take a rate of 2026-05-08, more than 90 days old',
    mend: expect.stringContaining('exchange set USD CNY RATE'),
  })
})

it('minds none that is newer, and none where no sum takes one', async () => {
  expect(await findOldRates(marketOf('2026-10-08'), NOW_MS)).toBeNull()
  expect(await findOldRates(marketOf(null, ['CNY']), NOW_MS)).toBeNull()
})
