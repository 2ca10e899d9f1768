import { describe, expect, it } from 'vitest'
import { fitsSchema } from './fits-schema.ts'

type Case = Parameters<typeof fitsSchema>
const fits = (value: Case[0], schema: Case[1]) => fitsSchema(value, schema, { left: 1_000 })

describe('a value and what stands beside it', () => {
  it.each([
    ['any schema', 1, true],
    ['its type', 1, { type: 'integer' }],
    ['one of its types', null, { type: ['string', 'null'] }],
    ['what is nullable', null, { type: 'string', nullable: true }],
    ['bounds of numbers', 3, { minimum: 3, maximum: 3 }],
    ['lengths in characters', '九九', { minLength: 2, maxLength: 2 }],
    ['members and further ones', { a: 1, b: 'x' }, { properties: { a: { type: 'integer' } } }],
    [
      'a prefix and items',
      [1, 'x'],
      { prefixItems: [{ type: 'integer' }], items: { enum: ['x'] } },
    ],
    ['one option', 1, { anyOf: [{ type: 'string' }, { const: 1 }] }],
    ['a reference, which is not looked at', 1, { $ref: '#/$defs/x' }],
  ])('fits %s', (_, value, schema) => {
    expect(fits(value, schema)).toBe(true)
  })

  it.each([
    ['false', 1, false],
    ['another type', 'x', { type: 'integer' }],
    ['another constant', { a: 1 }, { const: { a: 2 } }],
    ['bounds of numbers', 3, { maximum: 2 }],
    ['lengths', 'abc', { maxLength: 2 }],
    ['a required member', {}, { required: ['a'] }],
    ['members that are forbidden', { a: 1 }, { additionalProperties: false }],
    ['the number of items', [1], { minItems: 2 }],
    ['all parts', 1, { allOf: [true, { type: 'string' }] }],
    ['any option', 1, { oneOf: [{ type: 'string' }, false] }],
  ])('does not fit %s', (_, value, schema) => {
    expect(fits(value, schema)).toBe(false)
  })

  it('fits where looking takes too long', () => {
    expect(fitsSchema([[['x']]], { items: { items: { items: false } } }, { left: 3 })).toBe(true)
  })
})
