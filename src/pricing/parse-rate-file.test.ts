import { describe, expect, it } from 'vitest'
import { parseRateFile } from './parse-rate-file.ts'

const parse = (text: string) => parseRateFile({ name: 'r.yaml', text })

describe('parseRateFile', () => {
  it('reads exact rates', () => {
    expect(parse('base: EUR\nsource: s\nrates:\n  - { day: 2026-05-08, USD: 1.1761 }\n')).toEqual([
      {
        base: 'EUR',
        quote: 'USD',
        text: '1.1761',
        rate: { numerator: 11_761n, denominator: 10_000n },
        day: '2026-05-08',
        source: 's',
        ref: 'r.yaml#USD@2026-05-08',
      },
    ])
  })

  it.each([
    ['base: EURO\nsource: s\n', 'line 1 (base): "EURO" is no currency'],
    ['base: EUR\n', 'rates say where they are from'],
    ['base: EUR\nsource: s\nrates:\n  - { day: 2026-05-08, USD: 0 }', 'line 4'],
    ['base: EUR\nsource: s\nrates:\n  - { day: 2026-05-08, USD: -1 }', 'above zero'],
    ['base: EUR\nsource: s\nrates:\n  - { day: 2026-05-08, EUR: 1 }', 'always one EUR'],
    ['base: EUR\nsource: s\nrates:\n  - { day: 2026-05-08, RMB: 1 }', '"RMB" is no currency'],
    ['base: EUR\nsource: s\nrates:\n  - { day: 2026-13-08, USD: 1 }', 'day is a day'],
    [
      'base: EUR\nsource: s\nrates:\n  - { day: 2026-05-08 }\n  - { day: 2026-05-08 }',
      'line 5 (rates › 1 › day): rates of 2026-05-08 stand twice',
    ],
  ])('refuses %j', (text, words) => {
    expect(() => parse(text)).toThrow(words)
  })
})
