import { expect, it } from 'vitest'
import type { MarketClient } from './client.ts'
import { describeOldRates, findOldRates, howToSet, readOldRates } from './old-rates.ts'

const NOW_MS = Date.parse('2026-11-25T12:00:00Z')
const rate = (day: string, base = 'USD', quote = 'CNY', value: string | null = '7.12') => ({
  base,
  quote,
  rate: value,
  day,
})

it('finds rates in use that are older than 90 days', () => {
  expect(findOldRates([rate('2026-05-08')], NOW_MS)).toHaveLength(1)
  expect(findOldRates([rate('2026-10-08')], NOW_MS)).toHaveLength(0)
})

it('minds none that a newer one or one of yours has replaced, nor one that is unknown', () => {
  const old = rate('2026-05-08')
  expect(findOldRates([rate('2026-11-01'), old], NOW_MS)).toHaveLength(0)
  expect(findOldRates([rate('2026-11-01', 'CNY', 'USD', '0.14'), old], NOW_MS)).toHaveLength(0)
  expect(findOldRates([rate('2026-05-08', 'USD', 'CNY', null)], NOW_MS)).toHaveLength(0)
  // One that is to come is not in use.
  expect(findOldRates([rate('2027-01-01'), old], NOW_MS)).toEqual([old])
})

it('minds none that no sum of late takes', async () => {
  const sums = (day: string | null) =>
    ({ get: async () => ({ total: { cost: { rate_day: day } } }) }) as unknown as MarketClient
  const old = [rate('2026-05-08')]
  expect(await readOldRates(sums('2026-05-08'), old, NOW_MS)).toEqual(old)
  expect(await readOldRates(sums(null), old, NOW_MS)).toEqual([])
})

it('says which, and how to set one', () => {
  const old = [rate('2026-05-08')]
  expect(describeOldRates(old)).toBe('Older than 90 days: USD to CNY of 2026-05-08.')
  expect(howToSet(old)).toContain('exchange set USD CNY RATE')
})
