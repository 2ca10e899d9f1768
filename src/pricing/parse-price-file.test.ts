import { describe, expect, it } from 'vitest'
import { parsePriceFile, versionOf } from './parse-price-file.ts'

const HEAD =
  'provider: Acme\nhosts: [api.acme.example]\ncurrency: USD\nsource: https://acme.example/prices\n'

function parse(models: string, head = HEAD) {
  return parsePriceFile({ name: 'acme.yaml', text: `${head}models:\n${models}` })
}

describe('parsePriceFile', () => {
  it('reads prices with their days, currencies and sources, to the last decimal', () => {
    const file = parse(`  large:
    - { from: 2026-08-12, input: 1.2, output: 0.000001 }
    - from: 2026-09-01
      currency: CNY
      source: https://elsewhere.example
      free: true
`)
    expect(file.hosts).toEqual(['api.acme.example'])
    expect(file.prices.map((price) => versionOf(file, price))).toMatchObject([
      {
        ref: 'acme.yaml#large@2026-08-12',
        fromMs: Date.parse('2026-08-12T00:00:00Z'),
        currency: 'USD',
        source: 'https://acme.example/prices',
        terms: { kind: 'tokens', rates: { input: 1_200_000n, output: 1n } },
      },
      {
        ref: 'acme.yaml#large@2026-09-01',
        currency: 'CNY',
        source: 'https://elsewhere.example',
        terms: { kind: 'free' },
      },
    ])
  })

  it.each([
    ['  m:\n    - { from: 2026-01-01, input: -3 }', 'line 7 (models › m › 0 › input)', 'negative'],
    ['  m:\n    - from: 2026-01-01\n      imput: 3', 'line 8', 'no field is called imput'],
    ['  m:\n    - from: 2026-02-30\n      input: 3', 'line 7', 'not "2026-02-30"'],
    ['  m:\n    - from: yesterday\n      input: 3', 'line 7', 'from is a day'],
    ['  m:\n    - input: 3', 'line 7', 'from is a day'],
    ['  m:\n    - { from: 2026-01-01, input: 3, currency: RMB }', 'line 7', '"RMB" is no currency'],
    [
      '  m:\n    - { from: 2026-01-01, input: 3 }\n    - { from: 2026-01-01, input: 4 }',
      'line 8 (models › m › 1 › from)',
      'two prices of m for 2026-01-01',
    ],
    ['  m: 3', 'line 6', 'm is a list'],
    ['  m:\n    - just words', 'line 7', 'names with values'],
    ['  m: [', 'line', ''],
  ])('refuses %j with its line', (models, line, words) => {
    expect(() => parse(models)).toThrow(
      expect.objectContaining({
        code: 'pricing_file_invalid',
        message: expect.stringMatching(
          new RegExp(`^acme.yaml, ${escaped(line)}.*${escaped(words)}`),
        ),
      }),
    )
  })

  it.each([
    ['hosts: []\ncurrency: USD\n', 'name the hosts'],
    ['hosts: [https://x]\ncurrency: USD\n', 'a host is a name'],
    ['hosts: [x]\ncurrency: DOLLARS\n', '"DOLLARS" is no currency'],
    ['hosts: [x]\nsource: s\n', 'a price has a currency'],
    ['hosts: [x]\ncurrency: USD\n', 'a price says where it is from'],
    ['hosts: [x]\nprice: 3\n', 'no field is called price'],
  ])('refuses the head %j', (head, words) => {
    expect(() => parse('  m:\n    - { from: 2026-01-01, input: 3 }', head)).toThrow(words)
  })

  it.each(['', '# nothing\n'])('refuses a file that holds nothing: %j', (text) => {
    expect(() => parsePriceFile({ name: 'empty.yaml', text })).toThrow('empty.yaml is empty')
  })
})

function escaped(text: string): string {
  return text.replace(/[()[\]".]/g, '\\$&')
}
