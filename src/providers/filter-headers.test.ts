import { expect, it } from 'vitest'
import { requestHeaders, responseHeaders } from './filter-headers.ts'

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
