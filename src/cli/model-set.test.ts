import { expect, it } from 'vitest'
import { composeChange, LISTING_FACTS, MODEL_FACTS, TRAITS } from './model-set.ts'

it('puts a fact with its source, numbers as numbers and lists as lists', () => {
  expect(composeChange('licence', 'MIT', 'card')).toEqual({
    facts: { licence: { value: 'MIT', source: 'card' } },
  })
  expect(composeChange('context_tokens', '8192', 'card')).toEqual({
    facts: { context_tokens: { value: 8192, source: 'card' } },
  })
  expect(composeChange('modalities', 'text, image', 'card')).toEqual({
    facts: { modalities: { value: ['text', 'image'], source: 'card' } },
  })
})

it('takes a fact back without a source, and wants one for every value', () => {
  expect(composeChange('licence', 'unknown', undefined)).toEqual({ facts: { licence: null } })
  expect(() => composeChange('licence', 'MIT', undefined)).toThrow('--source')
  expect(() => composeChange('licence', 'MIT', ' ')).toThrow('--source')
})

it('sets what a model is without a source, digits as a name', () => {
  expect(composeChange('family', '4', undefined)).toEqual({ family: '4' })
  expect(composeChange('succeeds', 'unknown', undefined)).toEqual({ succeeds: null })
  expect(composeChange('capabilities', 'chat,embedding', undefined)).toEqual({
    capabilities: ['chat', 'embedding'],
  })
})

it('says what a number looks like before the market is asked', () => {
  expect(() => composeChange('context_tokens', '-5', 'me')).toThrow('whole number such as 32768')
  expect(() => composeChange('parameters_total', '7B', 'me')).toThrow('not "7B"')
  expect(composeChange('retention_days', 'unlimited', 'me')).toMatchObject({
    facts: { retention_days: { value: 'unlimited' } },
  })
})

it('names all facts when it is given none of them', () => {
  for (const fact of [...MODEL_FACTS, ...LISTING_FACTS, ...TRAITS])
    expect(() => composeChange('colour', 'red', 'me')).toThrow(fact)
})
