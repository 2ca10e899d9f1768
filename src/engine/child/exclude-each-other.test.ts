import { expect, test } from 'vitest'
import { excludeEachOther } from './exclude-each-other.ts'

const kind = (name: string) => ({
  type: 'object',
  properties: { kind: { const: name } },
  required: ['kind'],
})

test.each([
  ['other types', [{ type: 'string' }, { type: ['null', 'boolean'] }]],
  ['other values', [{ enum: [1, 2] }, { const: 3 }]],
  ['objects that a required member tells apart', [kind('a'), kind('b'), kind('c')]],
  ['one that nothing fits', [false, {}]],
])('options exclude each other: %s', (_what, options) => {
  expect(excludeEachOther(options)).toBe(true)
})

test.each([
  ['whole numbers and numbers', [{ type: 'integer' }, { type: 'number' }]],
  ['no type', [{}, { type: 'string' }]],
  ['a shared value', [{ enum: [1, 2] }, { const: 2 }]],
  ['a member that may be left out', [kind('a'), { ...kind('b'), required: [] }]],
  ['more than are looked at', Array.from({ length: 65 }, (_, i) => ({ const: i }))],
])('it is not certain that options exclude each other: %s', (_what, options) => {
  expect(excludeEachOther(options)).toBe(false)
})
