import { expect, it } from 'vitest'
import { listAt, objectAt, PriceFault, refuseUnknown, textOf } from './read-fields.ts'

it('says where something is of another kind than it should be, keys from the outside in', () => {
  const fault = (path: readonly (string | number)[], message: string) =>
    expect.objectContaining({ path, message: expect.stringContaining(message) })
  expect(() => objectAt('x', ['models', 'a'])).toThrow(fault(['models', 'a'], 'names with values'))
  expect(() => listAt({ a: 1 }, 'a', ['m'])).toThrow(fault(['m', 'a'], 'a is a list'))
  expect(() => refuseUnknown({ a: 1, b: 2 }, ['a'], [])).toThrow(
    fault(['b'], 'no field is called b: a'),
  )
  expect(() => refuseUnknown({ b: 1 }, [], [])).toThrow(PriceFault)
})

it('reads what is there, and nothing as nothing', () => {
  expect(objectAt({ a: 1 }, [])).toEqual({ a: 1 })
  expect([listAt({}, 'a', []), listAt({ a: ['1'] }, 'a', [])]).toEqual([[], ['1']])
  expect([textOf(' x '), textOf(' '), textOf(1), textOf(undefined)]).toEqual([
    'x',
    null,
    null,
    null,
  ])
})
