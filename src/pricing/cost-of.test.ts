import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { formatPico, parseMicros } from '../kernel/index.ts'
import { compilePrice, costOf, exactCost } from './cost-of.ts'
import { readTerms } from './read-terms.ts'
import type { PriceVersion, Terms, Tokens } from './types.ts'

const NONE: Tokens = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0, reasoning: 0 }
const NOON = { atMs: Date.parse('2026-11-25T12:00:00Z'), computeMs: null }

function versionOf(terms: Terms): PriceVersion {
  return { ref: 'test', fromMs: null, currency: 'USD', terms, source: 'test' }
}

function cost(terms: object, tokens: Partial<Tokens>, when = NOON) {
  const price = compilePrice(versionOf(readTerms(terms as never)))
  return costOf(price, { ...NONE, ...tokens }, when)
}

function pico(terms: object, tokens: Partial<Tokens>, when = NOON): bigint | string {
  const found = cost(terms, tokens, when)
  return found.isKnown ? found.amountPico : found.reason
}

describe('the golden costs', () => {
  it('1,234 in at 3 and 567 out at 15 are $0.012207', () => {
    const amount = pico({ input: '3', output: '15' }, { input: 1_234, output: 567 })
    expect(amount).toBe(12_207_000_000n)
    expect(formatPico(12_207_000_000n)).toBe('0.012207')
  })

  it('cached input is not charged twice', () => {
    const terms = { input: '3', cached_input: '0.30', output: '15' }
    expect(pico(terms, { input: 86, cachedInput: 17_817 })).toBe(5_603_100_000n)
    // What comes out where the cached tokens are taken for fresh ones as well: 10.54 times as much.
    expect(pico(terms, { input: 86 + 17_817, cachedInput: 17_817 })).toBe(59_054_100_000n)
  })

  it('5,156 in and 21 out at 0.15 and 0.60 are $0.000786', () => {
    const amount = pico({ input: '0.15', output: '0.60' }, { input: 5_156, output: 21 })
    expect(amount).toBe(786_000_000n)
  })

  it('one token at $0.0375 a million is 37,500 pico-dollars', () => {
    expect(pico({ input: '0.0375' }, { input: 1 })).toBe(37_500n)
  })

  it('a million additions of a token lose nothing, as floats do', () => {
    const price = compilePrice(versionOf(readTerms({ input: '0.0375' })))
    let sum = 0n
    let float = 0
    for (let at = 0; at < 1_000_000; at += 1) {
      const one = costOf(price, { ...NONE, input: 1 }, NOON)
      if (one.isKnown) sum += one.amountPico
      float += 3.75e-8
    }
    expect(formatPico(sum)).toBe('0.0375')
    expect(float).toBe(0.037500000000524954)
  })
})

describe('costOf', () => {
  it('charges what a source does not price by itself as what it is a part of', () => {
    const terms = { input: '2', output: '8' }
    expect(pico(terms, { cachedInput: 1, cacheWrite: 1 })).toBe(4_000_000n)
    expect(pico(terms, { reasoning: 1 })).toBe(8_000_000n)
  })

  it('does not know the cost of what has no price, and needs none for what was not used', () => {
    expect(pico({ input: '2' }, { input: 1 })).toBe(2_000_000n)
    expect(pico({ input: '2' }, { input: 1, output: 1 })).toBe('part_unpriced')
    expect(pico({ output: '2' }, { cachedInput: 1 })).toBe('part_unpriced')
  })

  it('charges the whole request by its tier, which its whole input decides', () => {
    const terms = {
      input: '1.2',
      output: '6',
      cached_input: '0.1',
      tiers: [
        { above_tokens: 32_000, input: '2.4', output: '12', cached_input: '2.4' },
        { above_tokens: 128_000, input: '3', output: '15', cached_input: '3' },
      ],
    }
    expect(pico(terms, { input: 32_000 })).toBe(32_000n * 1_200_000n)
    expect(pico(terms, { input: 32_001 })).toBe(32_001n * 2_400_000n)
    expect(pico(terms, { input: 1, cachedInput: 32_000, output: 1 })).toBe(
      32_001n * 2_400_000n + 12_000_000n,
    )
    expect(pico(terms, { input: 200_000 })).toBe(200_000n * 3_000_000n)
  })

  it('charges by the hour of the day in which the request began', () => {
    const terms = {
      input: '1',
      windows: [
        { from: '22:00', to: '06:00', input: '0.25' },
        { from: '05:00', to: '07:00', input: '0.5' },
      ],
    }
    const at = (time: string) =>
      pico(terms, { input: 1 }, { atMs: Date.parse(`2026-11-25T${time}Z`), computeMs: null })
    expect(at('21:59:59')).toBe(1_000_000n)
    expect(at('22:00:00')).toBe(250_000n)
    expect(at('05:30:00')).toBe(250_000n)
    expect(at('06:00:00')).toBe(500_000n)
    expect(at('07:00:00')).toBe(1_000_000n)
  })

  it('adds what every request costs', () => {
    expect(pico({ input: '1', per_request: '0.005' }, { input: 1 })).toBe(5_001_000_000n)
    expect(pico({ input: '1', per_request: '0.005' }, {})).toBe(0n)
  })

  it('is nothing only where somebody said free', () => {
    expect(cost({ free: true }, { input: 10, output: 10 })).toMatchObject({
      isKnown: true,
      amountPico: 0n,
    })
  })

  it('charges measured time, rounded once, and nothing that nobody measured', () => {
    const when = (computeMs: number | null) => ({ atMs: NOON.atMs, computeMs })
    expect(pico({ per_hour: '0.40' }, {}, when(3_600_000) as never)).toBe(400_000_000_000n)
    // 0.4 an hour is 111,111.1 pico-units a microsecond.
    expect(pico({ per_hour: '0.40' }, {}, when(0.001) as never)).toBe(111n)
    expect(pico({ per_hour: '0.40' }, {}, when(0) as never)).toBe(0n)
    expect(pico({ per_hour: '0.40' }, { input: 5 }, when(null) as never)).toBe('time_unmeasured')
  })

  it('is the sum of its parts, and what whole numbers of any size say', () => {
    const random = seededRandom(7)
    const rate = () => String(random.below(10) === 0 ? random.below(1e9) : random.below(1e5) / 1e4)
    for (let round = 0; round < 5_000; round += 1) {
      const terms = readTerms({
        input: rate(),
        output: rate(),
        ...(random.below(2) === 0 ? {} : { cached_input: rate() }),
        ...(random.below(2) === 0 ? {} : { cache_write: rate() }),
        ...(random.below(2) === 0 ? {} : { reasoning: rate(), per_request: rate() }),
      })
      const most = random.below(8) === 0 ? Number.MAX_SAFE_INTEGER : 300_000
      const tokens = {
        input: random.below(most),
        cachedInput: random.below(most),
        cacheWrite: random.below(most),
        output: random.below(most),
        reasoning: random.below(most),
      }
      const price = compilePrice(versionOf(terms))
      const whole = costOf(price, tokens, NOON)
      expect(whole.isKnown && whole.amountPico).toBe(exactCost(terms, tokens, NOON.atMs))
      const perRequest = terms.kind === 'tokens' ? terms.perRequest * 1_000_000n : 0n
      const parts = Object.entries(tokens).map(([name, count]) => {
        const part = costOf(price, { ...NONE, [name]: count }, NOON)
        return part.isKnown && count > 0 ? part.amountPico - perRequest : 0n
      })
      const sum = parts.reduce((all, part) => all + part, perRequest)
      expect(whole.isKnown && whole.amountPico).toBe(sum)
    }
  })

  it('is exact beyond what a float holds, and fits the books however large', () => {
    const rate = '999999999.999999'
    const amount = pico({ input: rate }, { input: 90_071_993 })
    expect(amount).toBe(90_071_993n * (parseMicros(rate) ?? 0n))
    const most = Number.MAX_SAFE_INTEGER
    const all = { input: most, cachedInput: most, cacheWrite: most, output: most, reasoning: most }
    expect(pico({ input: rate, output: rate, per_request: rate }, all)).toBeLessThan(10n ** 38n)
  })
})
