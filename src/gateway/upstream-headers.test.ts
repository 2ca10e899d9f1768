import { expect, it } from 'vitest'
import { Refusal } from '../kernel/index.ts'
import { upstreamHeadersOf } from './upstream-headers.ts'

it('a market without a name signs nothing and refuses nothing', () => {
  const headersFor = upstreamHeadersOf(undefined)
  expect(headersFor('1.1 baimo-a', true)).toEqual({
    'content-type': 'application/json',
    'user-agent': 'baimo',
    accept: 'text/event-stream',
  })
})

it('a market with one signs after those before it, and makes nothing anew without them', () => {
  const headersFor = upstreamHeadersOf('a')
  expect(headersFor(undefined, false)).toMatchObject({
    via: '1.1 baimo-a',
    accept: 'application/json',
  })
  expect(headersFor(undefined, false)).toBe(headersFor(undefined, false))
  expect(headersFor('1.0 b', true)).toMatchObject({ via: '1.0 b, 1.1 baimo-a' })
})

it('a market refuses its own signature', () => {
  expect(() => upstreamHeadersOf('a')('1.1 baimo-a', true)).toThrow(Refusal)
})
