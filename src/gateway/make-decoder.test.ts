import { describe, expect, it } from 'vitest'
import { makeDecoder } from './make-decoder.ts'

describe('makeDecoder', () => {
  it.each([undefined, '', ' ', 'identity', 'Identity'])('takes %j as plain', (encoding) => {
    expect(makeDecoder(encoding)).toEqual({ kind: 'plain' })
  })

  it.each(['gzip', ' GZIP ', 'x-gzip', 'deflate', 'br', 'zstd'])('knows %j', (encoding) => {
    expect(makeDecoder(encoding).kind).toBe('decoder')
  })

  it.each(['compress', 'gzip, br', 'constructor', '__proto__'])('does not know %j', (encoding) => {
    expect(makeDecoder(encoding)).toEqual({ kind: 'unknown', name: encoding })
  })
})
