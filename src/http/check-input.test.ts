import { expect, test } from 'vitest'
import { z } from 'zod'
import { checkOf } from './check-input.ts'

const schema = z.object({
  name: z.string(),
  list: z.array(z.object({ count: z.int() })).optional(),
})

function refusalOf(value: unknown) {
  try {
    checkOf(schema, 'body')(value)
    return null
  } catch (error) {
    return error
  }
}

test('what fits comes out as the schema makes it', () => {
  expect(checkOf(schema, 'body')({ name: 'a' })).toEqual({ name: 'a' })
  expect(checkOf(z.object({ limit: z.coerce.number() }), 'query')({ limit: '3' })).toEqual({
    limit: 3,
  })
  expect(checkOf(undefined, 'body')({ whatever: 1 })).toBeUndefined()
})

test('a field nobody knows is refused by name, unless the schema takes further ones', () => {
  expect(refusalOf({ name: 'a', nmae: 'b' })).toMatchObject({
    code: 'http_input_invalid',
    param: 'nmae',
  })
  const open = z.object({ name: z.string() }).catchall(z.number())
  expect(checkOf(open, 'body')({ name: 'a', more: 1 })).toEqual({ name: 'a', more: 1 })
  expect(refusalOf(JSON.parse('{"name":"a","__proto__":{"x":1}}'))).toMatchObject({
    param: '__proto__',
  })
})

test('the message names each field at fault, and stays short', () => {
  expect(refusalOf({ list: [{ count: 0.5 }] })).toMatchObject({
    message: expect.stringMatching(
      /^name is missing: it must be a text; list\[0\]\.count must be a whole number, not 0\.5\.$/,
    ),
    param: 'name',
  })
  expect(refusalOf(undefined)).toMatchObject({ message: expect.stringContaining('JSON object') })
  const long = refusalOf({ name: 'a', ['x'.repeat(10_000)]: 1 })
  expect(String(long).length).toBeLessThan(400)
})
