import { describe, expect, it } from 'vitest'
import { PICO_PER_UNIT, parseDecimal } from '../kernel/index.ts'
import { compileRates, dayOf } from './convert.ts'
import type { ExchangeRate } from './types.ts'

const NOW = Date.parse('2026-11-25T12:00:00Z')

function rate(pair: string, day: string, text: string | null): ExchangeRate {
  const [base = '', quote = ''] = pair.split('/')
  const exact = text === null ? null : parseDecimal(text)
  return { ref: 'test', base, quote, rate: exact, text, day, source: 'test' }
}

const EURO = [rate('EUR/USD', '2026-05-08', '1.1761'), rate('EUR/CNY', '2026-05-08', '7.9989')]

function amount(units: bigint, currency: string) {
  return { amountPico: units * PICO_PER_UNIT, currency }
}

describe('convert', () => {
  it('leaves an amount of the same currency as it is, without any rate', () => {
    const none = compileRates([])
    expect(none.convert(amount(7n, 'USD'), 'USD', NOW)).toEqual({
      ...amount(7n, 'USD'),
      rateDay: null,
    })
    expect(none.convert(amount(7n, 'USD'), 'EUR', NOW)).toBeNull()
  })

  it('takes a pair, the pair turned round, or two pairs, and rounds once', () => {
    const table = compileRates([EURO])
    const pico = (from: string, to: string) => table.convert(amount(1n, from), to, NOW)?.amountPico
    expect(pico('EUR', 'USD')).toBe(1_176_100_000_000n)
    expect(pico('USD', 'EUR')).toBe(850_267_834_368n) // 1 / 1.1761 = 0.850267834368…
    expect(pico('CNY', 'USD')).toBe(147_032_716_999n) // 1.1761 / 7.9989 = 0.1470327169…
  })

  it('takes the rate of the day, and none from before the first', () => {
    const table = compileRates([[...EURO, rate('EUR/USD', '2026-10-01', '2')]])
    const at = (time: string) => table.convert(amount(1n, 'EUR'), 'USD', Date.parse(time))
    expect(at('2026-05-07T23:59:59Z')).toBeNull()
    expect(at('2026-05-08T00:00:00Z')?.amountPico).toBe(1_176_100_000_000n)
    expect(at('2026-10-01T00:00:00Z')).toMatchObject({
      amountPico: 2n * PICO_PER_UNIT,
      rateDay: '2026-10-01',
    })
  })

  it('prefers what the owner set, and knows no rate where the owner says that none is known', () => {
    const own = [
      rate('EUR/USD', '2026-06-01', '3'),
      rate('EUR/USD', '2026-06-01', '4'),
      rate('EUR/USD', '2026-12-01', null),
    ]
    const table = compileRates([own, EURO])
    const at = (time: string) =>
      table.convert(amount(1n, 'EUR'), 'USD', Date.parse(time))?.amountPico
    expect(at('2026-11-25T00:00:00Z')).toBe(4n * PICO_PER_UNIT)
    expect(at('2026-12-01T00:00:00Z')).toBeUndefined()
    const cross = compileRates([[rate('USD/CNY', '2026-06-01', null)], EURO])
    expect(cross.convert(amount(1n, 'CNY'), 'USD', NOW)).toBeNull()
    expect(cross.convert(amount(1n, 'EUR'), 'USD', NOW)).not.toBeNull()
  })

  it('goes by the owner’s rate in both directions, whichever way round it was set', () => {
    const own = [rate('USD/EUR', '2026-06-01', '0.5')]
    const pico = (layer: ExchangeRate[], from: string, to: string) =>
      compileRates([layer, EURO]).convert(amount(1n, from), to, NOW)?.amountPico
    expect(pico(own, 'USD', 'EUR')).toBe(PICO_PER_UNIT / 2n)
    expect(pico(own, 'EUR', 'USD')).toBe(2n * PICO_PER_UNIT)
    const corrected = [...own, rate('EUR/USD', '2026-07-01', '4')]
    expect(pico(corrected, 'USD', 'EUR')).toBe(PICO_PER_UNIT / 4n)
  })

  it('tells the older day of two rates', () => {
    const table = compileRates([
      [rate('EUR/USD', '2026-05-08', '1.2'), rate('EUR/CNY', '2026-07-01', '8')],
    ])
    expect(table.convert(amount(8n, 'CNY'), 'USD', NOW)).toEqual({
      amountPico: 1_200_000_000_000n,
      currency: 'USD',
      rateDay: '2026-05-08',
    })
  })
})

it('dayOf is the day in UTC', () => {
  expect(dayOf(Date.parse('2026-11-25T23:59:59.999Z'))).toBe('2026-11-25')
})
