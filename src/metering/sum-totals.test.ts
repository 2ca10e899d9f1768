import { describe, expect, it } from 'vitest'
import type { TotalsRow } from './store-totals.ts'
import { type Money, sumAll, sumTotals } from './sum-totals.ts'

/** One euro is two dollars; of yuan nothing is known. */
const money: Money = {
  currency: () => 'USD',
  convert({ amountPico, currency }, to) {
    if (currency === to) return { amountPico, currency: to, rateDay: null }
    if (currency !== 'EUR') return null
    return { amountPico: amountPico * 2n, currency: to, rateDay: '2026-05-08' }
  },
}

function row(currency: string | null, pico: string | null, key: string | null = null): TotalsRow {
  return {
    group_key: key,
    cost_currency: currency,
    request_count: '3',
    input_tokens: '10',
    cached_input_tokens: '1',
    cache_write_tokens: '2',
    output_tokens: '20',
    reasoning_tokens: '4',
    cost_pico: pico,
  }
}

const one = (rows: TotalsRow[]) => sumTotals(rows, money)[0]

describe('sumTotals', () => {
  it('adds what is known by currency, and shows it in one', () => {
    expect(one([row('USD', '1500000000000'), row('EUR', '250000000000')])).toEqual({
      key: null,
      request_count: 6,
      tokens: {
        input: 20,
        cached_input: 2,
        cache_write: 4,
        output: 40,
        reasoning: 8,
        total: 74,
      },
      costs: [
        { amount: '1.5', currency: 'USD', request_count: 3 },
        { amount: '0.25', currency: 'EUR', request_count: 3 },
      ],
      cost_unknown_count: 0,
      cost: { amount: '2', currency: 'USD', known: true, rate_day: '2026-05-08' },
    })
  })

  it('counts what is not known, and does not take the rest for all', () => {
    expect(one([row('USD', '1'), row(null, null)])).toMatchObject({
      request_count: 6,
      cost_unknown_count: 3,
      cost: { amount: '0.000000000001', known: false },
    })
  })

  it('has no sum in one currency where a rate is missing', () => {
    expect(one([row('USD', '1'), row('CNY', '1')])?.cost).toEqual({
      amount: null,
      currency: 'USD',
      known: false,
      rate_day: null,
    })
  })

  it('takes all groups together, one sum a currency', () => {
    const all = sumAll([row('USD', '1', 'a'), row('USD', '2', 'b')], money)
    expect(all.costs).toEqual([{ amount: '0.000000000003', currency: 'USD', request_count: 6 }])
  })

  it('keeps groups apart', () => {
    const groups = sumTotals(
      [row('USD', '1', 'a'), row(null, null, 'a'), row('USD', '1', 'b')],
      money,
    )
    expect(groups.map(({ key, request_count: count }) => [key, count])).toEqual([
      ['a', 6],
      ['b', 3],
    ])
  })

  it('is a known nothing where nothing was used', () => {
    expect(sumAll([], money)).toMatchObject({
      request_count: 0,
      costs: [],
      cost_unknown_count: 0,
      cost: { amount: '0', known: true },
    })
  })
})
