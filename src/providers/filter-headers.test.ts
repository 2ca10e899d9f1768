import { expect, it } from 'vitest'
import type { Endpoint } from '../catalog/index.ts'
import type { ProviderId } from '../kernel/index.ts'
import {
  openHeaderMemory,
  requestHeaders,
  responseHeaders,
  withoutNamed,
} from './filter-headers.ts'

it('sends JSON, uncompressed, under the provider’s own credential', () => {
  expect(requestHeaders({}, { name: 'Authorization', value: 'Bearer k' })).toEqual({
    'content-type': 'application/json',
    'accept-encoding': 'identity',
    authorization: 'Bearer k',
  })
})

it('keeps what the caller gave but its credentials and what is about its own connection', () => {
  const given = {
    authorization: 'Bearer mine',
    'x-api-key': 'mine',
    'x-goog-api-key': 'mine',
    cookie: 'mine',
    connection: 'close',
    'transfer-encoding': 'chunked',
    host: 'mine',
    'x-forwarded-for': '10.0.0.1',
    'content-type': 'application/json; charset=utf-8',
    'x-title': 'kept',
    'x-none': undefined,
  }
  expect(requestHeaders(given, null)).toEqual({
    'content-type': 'application/json; charset=utf-8',
    'accept-encoding': 'identity',
    'x-title': 'kept',
  })
})

it('takes hop-by-hop headers out of an answer, those that it names itself included', () => {
  const given = {
    connection: 'Keep-Alive, X-Own',
    'keep-alive': 'timeout=5',
    'x-own': '1',
    'content-type': 'text/event-stream',
    'set-cookie': ['a=1', 'b=2'],
  }
  expect(responseHeaders(given)).toEqual({
    'content-type': 'text/event-stream',
    'set-cookie': ['a=1', 'b=2'],
  })
})

function endpointWith(key: string): Endpoint {
  return {
    providerId: key as ProviderId,
    dialect: 'openai',
    baseUrl: 'http://provider.example/v1',
    socketPath: null,
    authHeader: { name: 'Authorization', value: key },
    quirks: { acceptsStreamOptions: true, rejectedParameters: [] },
  }
}

it('lists the headers of a request once for each endpoint, whose key goes to nobody else', () => {
  const headersFor = openHeaderMemory()
  const given = { accept: 'application/json', 'x-two': ['1', '2'] }
  const one = endpointWith('one')
  const list = headersFor(given, one)
  expect(list).toEqual([
    ...['accept', 'application/json', 'x-two', '1', 'x-two', '2'],
    ...['content-type', 'application/json', 'accept-encoding', 'identity', 'authorization', 'one'],
  ])
  for (const more of [{ via: '1' }, { via: '2' }, { via: '3' }]) {
    expect(headersFor(more, one)).toContain(more.via)
  }
  expect(headersFor(given, one)).toEqual(list)
  expect(headersFor(given, endpointWith('two'))).not.toContain('one')
})

it('takes out what an answer’s connection header names, and copies nothing where it names none', () => {
  const plain = { connection: 'keep-alive', 'content-type': 'application/json' }
  expect(withoutNamed(plain)).toBe(plain)
  expect(withoutNamed({ ...plain, connection: 'X-Own', 'x-own': '1' })).toEqual({
    'content-type': 'application/json',
  })
})
