import { describe, expect, it } from 'vitest'
import { isJsonObject, parseJson } from './json.ts'

describe('parseJson', () => {
  it('gives what the text says', () => {
    expect(parseJson('{"a":[1,null,"x"]}')).toEqual({ a: [1, null, 'x'] })
    expect(parseJson('null')).toBeNull()
  })

  it.each(['', '{', "{'a':1}", 'undefined', '{"a":1}x'])('gives undefined for %j', (text) => {
    expect(parseJson(text)).toBeUndefined()
  })

  it('does not let text change the prototype of an object', () => {
    const value = parseJson('{"__proto__":{"isOwner":true}}')
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(isJsonObject(value) && value.isOwner).toBeUndefined()
  })
})

describe('isJsonObject', () => {
  it('tells objects from lists, null and absence', () => {
    expect([{}, [], null, undefined, 'a', 1].map(isJsonObject)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ])
  })
})
