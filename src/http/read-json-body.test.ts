import { expect, test } from 'vitest'
import { readJsonBody } from './read-json-body.ts'

const read = (text: string) => readJsonBody(Buffer.from(text))

test('JSON is read, nothing is undefined', () => {
  expect(read('{"a":[1,null,"é"]}')).toEqual({ a: [1, null, 'é'] })
  expect(read('')).toBeUndefined()
  expect(read('"\\\\u0000"')).toBe('\\u0000')
})

test.each(['{', '{"a":1}x', "{'a':1}", 'NaN', '"\\u0000"', '{"a\\u0000":1}', '[[["\\u0000"]]]'])(
  '%s is refused',
  (text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'http_body_malformed' }))
  },
)

test('what is no UTF-8 is refused', () => {
  expect(() => readJsonBody(new Uint8Array([0x22, 0xc3, 0x22]))).toThrow('UTF-8')
})

test('nesting of any depth neither crashes nor hides a NUL', () => {
  const deep = `${'['.repeat(5_000)}"\\u0000"${']'.repeat(5_000)}`
  expect(() => read(deep)).toThrow('NUL')
})
