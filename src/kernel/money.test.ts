import { describe, expect, it } from 'vitest'
import {
  divideHalfEven,
  formatMicros,
  formatPico,
  isCurrency,
  multiplyRatio,
  parseDecimal,
  parseMicros,
} from './money.ts'

describe('parseMicros', () => {
  it.each([
    ['3', 3_000_000n],
    ['0.0375', 37_500n],
    ['0', 0n],
    ['0.000001', 1n],
    ['15.000000000', 15_000_000n],
    ['99999999999999999999', 99_999_999_999_999_999_999_000_000n],
  ])('reads %s exactly', (text, micros) => {
    expect(parseMicros(text)).toBe(micros)
  })

  it.each(['', '-1', '+1', '1e-7', '.5', '5.', '1,5', ' 1', 'NaN', '0.0000001', '1'.repeat(21)])(
    'refuses %j, which would have to be guessed or rounded',
    (text) => {
      expect(parseMicros(text)).toBeNull()
    },
  )
})

describe('parseDecimal', () => {
  it('gives the fraction that the text says', () => {
    expect(parseDecimal('1.1761')).toEqual({ numerator: 11_761n, denominator: 10_000n })
  })
})

describe('format', () => {
  it.each([
    [0n, '0'],
    [37_500n, '0.0375'],
    [3_000_000n, '3'],
    [-1n, '-0.000001'],
  ])('writes %d micro-units as %s', (micros, text) => {
    expect(formatMicros(micros)).toBe(text)
  })

  it('writes pico-units to the last digit, whatever their size', () => {
    expect(formatPico(12_207_000_000n)).toBe('0.012207')
    expect(formatPico(1n)).toBe('0.000000000001')
    expect(formatPico(10n ** 30n + 1n)).toBe('1000000000000000000.000000000001')
  })

  it('is undone by parsing', () => {
    for (let micros = 0n; micros < 3_000_000n; micros += 7_919n)
      expect(parseMicros(formatMicros(micros))).toBe(micros)
  })
})

describe('divideHalfEven', () => {
  it.each([
    [5n, 2n, 2n],
    [7n, 2n, 4n],
    [-5n, 2n, -2n],
    [-7n, 2n, -4n],
    [7n, -2n, -4n],
    [1n, 3n, 0n],
    [2n, 3n, 1n],
    [-2n, 3n, -1n],
    [6n, 3n, 2n],
  ])('%d / %d is %d', (numerator, denominator, quotient) => {
    expect(divideHalfEven(numerator, denominator)).toBe(quotient)
  })
})

describe('multiplyRatio', () => {
  it('rounds once, at its end', () => {
    expect(multiplyRatio(100n, { numerator: 11_761n, denominator: 10_000n })).toBe(118n)
    expect(multiplyRatio(5n, { numerator: 1n, denominator: 10n })).toBe(0n)
    expect(multiplyRatio(15n, { numerator: 1n, denominator: 10n })).toBe(2n)
  })
})

describe('isCurrency', () => {
  it('knows the codes of ISO 4217', () => {
    expect(['USD', 'EUR', 'CNY', 'JPY'].every(isCurrency)).toBe(true)
    expect(['usd', 'RMB', 'USDT', '', 'ABC', '€'].some(isCurrency)).toBe(false)
  })
})
