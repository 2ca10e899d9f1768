import { describe, expect, it } from 'vitest'
import { isDemanding, isSame, mergeSchemas, Unsatisfiable, weightOf } from './merge-schemas.ts'

type Schema = Parameters<typeof mergeSchemas>[0]
function merge(a: Schema, b: Schema) {
  const ignored: string[] = []
  return { merged: mergeSchemas(a, b, (keyword) => ignored.push(keyword)), ignored }
}

describe('two schemas as one', () => {
  it.each<[string, Schema, Schema, Schema]>([
    ['types', { type: ['integer', 'null'] }, { type: 'number' }, { type: 'integer' }],
    ['types of either width', { type: 'number' }, { type: 'integer' }, { type: 'integer' }],
    [
      'what is nullable',
      { type: 'string', nullable: true },
      { type: 'string' },
      { type: 'string' },
    ],
    ['required names', { required: ['a'] }, { required: ['a', 'b'] }, { required: ['a', 'b'] }],
    ['values', { enum: [1, 2] }, { enum: [2, 3] }, { enum: [2] }],
    [
      'bounds',
      { minLength: 1, maxLength: 5 },
      { minLength: 2, maxLength: 9 },
      { minLength: 2, maxLength: 5 },
    ],
    [
      'members',
      { properties: { a: true } },
      { properties: { a: { type: 'null' }, b: true } },
      { properties: { a: { allOf: [true, { type: 'null' }] }, b: true } },
    ],
    ['remarks', { title: 'first' }, { title: 'second' }, { title: 'first' }],
  ])('join %s', (_, a, b, expected) => {
    expect(merge(a, b)).toEqual({ merged: expected, ignored: [] })
  })

  it('contradict each other by type and by constant', () => {
    expect(() => merge({ type: 'string' }, { type: 'null' })).toThrow(Unsatisfiable)
    expect(() => merge({ const: 1 }, { const: 2 })).toThrow(Unsatisfiable)
  })

  it('name what cannot be joined, and members that one of them forbids', () => {
    expect(merge({ format: 'date' }, { format: 'uuid' }).ignored).toEqual(['format'])
    const closed = { properties: { a: true }, additionalProperties: false }
    expect(merge(closed, { properties: { b: true } }).ignored).toEqual(['additionalProperties'])
    expect(merge(closed, { properties: { a: true } }).ignored).toEqual([])
  })
})

it('tells schemas that demand something from mere remarks', () => {
  expect(isDemanding({ title: 'x', default: null, $defs: {} })).toBe(false)
  expect(isDemanding({ title: 'x', type: 'null' })).toBe(true)
})

it('weighs keywords and what lies right below them', () => {
  expect(weightOf({ type: 'object', required: ['a', 'b'] })).toBe(4)
})

it('knows the same JSON whatever the order of members', () => {
  expect(isSame({ a: [1, null], b: {} }, { b: {}, a: [1, null] })).toBe(true)
  for (const other of [{ a: [1, 2], b: {} }, { a: [1, null] }, { a: [1, null], c: {} }, [1], null])
    expect(isSame({ a: [1, null], b: {} }, other)).toBe(false)
})
