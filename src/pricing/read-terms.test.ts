import { describe, expect, it } from 'vitest'
import { PriceFault } from './read-fields.ts'
import { readTerms, writeTerms } from './read-terms.ts'

const ALL = {
  ...{ input: '2.4', output: '12', cached_input: '0.48', cache_write: '3', reasoning: '14' },
}

/** What is wrong with terms, and where. */
function faultOf(terms: object): string {
  try {
    readTerms(terms as never)
  } catch (error) {
    if (error instanceof PriceFault) return `${error.path.join('.')}: ${error.message}`
    throw error
  }
  return 'none'
}

describe('readTerms', () => {
  it.each([
    [{ input: '3', output: '15' }],
    [{ output: '0.0375' }],
    [{ free: true }],
    [{ per_hour: '0.4' }],
    [
      {
        input: '1.2',
        output: '6',
        cached_input: '0.24',
        cache_write: '1.5',
        reasoning: '7',
        tiers: [{ above_tokens: 32_000, ...ALL }],
        per_request: '0.005',
        windows: [{ from: '16:30', to: '00:30', ...ALL, tiers: [{ above_tokens: 9, ...ALL }] }],
        batch: { input: '0.6', output: '3' },
      },
    ],
  ])('reads what it writes: %j', (terms) => {
    expect(writeTerms(readTerms(terms as never))).toEqual(terms)
  })

  it('reads numbers as the decimals they are written as', () => {
    expect(writeTerms(readTerms({ input: 0.0375 }))).toEqual({ input: '0.0375' })
  })

  it.each([
    [{ input: '-3' }, 'input: input is "-3": no price is negative'],
    [{ input: -3 }, 'input: input is -3: no price is negative'],
    [{ input: '3', putput: '15' }, 'putput: no field is called putput'],
    [{ input: '1000000000.000001' }, 'input: input is above a billion'],
    [{ input: 'free' }, 'input: input is "free", and not a decimal number'],
    [{ input: '0.0000001' }, 'input: input is "0.0000001", and not a decimal number'],
    [{ input: 1e-7 }, 'input: input is 1e-7, and not a decimal number'],
    [{}, ': a price says input or output, or free, or per_hour'],
    [{ cached_input: '1' }, ': a price says input or output'],
    [{ free: true, input: '1' }, 'free: free stands alone'],
    [{ free: false }, 'free: free is true, or left out'],
    [{ per_hour: '1', output: '1' }, 'per_hour: per_hour stands alone'],
    [{ input: '1', tiers: '5' }, 'tiers: tiers is a list'],
    [{ input: '1', tiers: [{ input: '2' }] }, 'tiers.0.above_tokens: above_tokens is a whole'],
    [
      {
        input: '1',
        tiers: [
          { above_tokens: 9, input: '1' },
          { above_tokens: 9, input: '1' },
        ],
      },
      'tiers.1.above_tokens: tiers stand smallest first',
    ],
    [{ input: '1', windows: [{ from: '25:00', to: '1:00' }] }, 'windows.0.from: from is a time'],
    [
      { input: '1', windows: [{ from: '00:00', to: '24:00' }] },
      'windows.0.to: a window is shorter',
    ],
    [{ input: '1', batch: { input: '-1' } }, 'batch.input: input is "-1"'],
    [{ input: '1', batch: 7 }, 'batch: names with values'],
    [{ input: '1', batch: {} }, 'batch: input is missing here'],
    [{ input: '1', output: '2', batch: { input: '1' } }, 'batch: output is missing here'],
    [{ input: '1', tiers: [{ above_tokens: 5 }] }, 'tiers.0: input is missing here'],
    [
      { input: '1', output: '2', tiers: [{ above_tokens: 5, output: '1' }] },
      'tiers.0: input is missing here',
    ],
    [
      { input: '1', cached_input: '0.1', tiers: [{ above_tokens: 5, input: '2' }] },
      'tiers.0: cached_input is missing here',
    ],
    [{ input: '1', windows: [{ from: '01:00', to: '02:00' }] }, 'windows.0: input is missing here'],
    [
      {
        input: '1',
        windows: [{ from: '01:00', to: '02:00', input: '1', tiers: [{ above_tokens: 5 }] }],
      },
      'windows.0.tiers.0: input is missing here',
    ],
  ])('refuses %j and says where', (terms, fault) => {
    expect(faultOf(terms)).toContain(fault)
  })
})
