import { describe, expect, it } from 'vitest'
import { factValue, readFacts } from './read-facts.ts'
import { LISTING_FACTS, MODEL_FACTS } from './types.ts'

const from = (value: unknown) => ({ value, source: 'a page' })

describe('facts as somebody states them', () => {
  it.each([
    ['openness', 'weights-and-code'],
    ['licence', 'Apache-2.0'],
    ['publisher_country', 'FR'],
    ['parameters_total', 1_000_000_000_000],
    ['context_tokens', 8192],
    ['modalities', ['text', 'image']],
  ])('may say that %s is %j', (name, value) => {
    expect(readFacts({ [name]: from(value) }, MODEL_FACTS)).toEqual([
      { name, value, source: 'a page' },
    ])
  })

  it.each([
    ['place', 'DE'],
    ['place', 'this-machine'],
    ['law', 'EU'],
    ['retention_days', 0],
    ['retention_days', 'unlimited'],
    ['training_use', 'never'],
  ])('may say of a listing that %s is %j', (name, value) => {
    expect(readFacts({ [name]: from(value) }, LISTING_FACTS)).toHaveLength(1)
  })

  it.each([
    ['openness', 'very'],
    ['licence', ''],
    ['licence', 'a\nb'],
    ['publisher_country', 'France'],
    ['parameters_total', 0],
    ['parameters_total', 1.5],
    ['parameters_total', '7B'],
    ['modalities', []],
    ['place', 'DE'], // a listing's
    ['__proto__', 1],
  ])('may not say that %s is %j', (name, value) => {
    expect(() =>
      readFacts(JSON.parse(`{"${name}": ${JSON.stringify(from(value))}}`), MODEL_FACTS),
    ).toThrow(expect.objectContaining({ code: 'catalog_fact_invalid' }))
  })

  it('need a source, and go back to unknown by null', () => {
    expect(() => readFacts({ licence: { value: 'MIT' } }, MODEL_FACTS)).toThrow()
    expect(() => readFacts({ licence: { value: 'MIT', source: ' ' } }, MODEL_FACTS)).toThrow()
    expect(readFacts({ licence: null }, MODEL_FACTS)).toEqual([
      { name: 'licence', value: null, source: null },
    ])
  })
})

it('takes from files and upstreams only what fits', () => {
  expect(factValue('context_tokens', 8192)).toBe(8192)
  expect(factValue('context_tokens', null)).toBeUndefined()
  expect(factValue('modalities', ['smell'])).toBeUndefined()
})
