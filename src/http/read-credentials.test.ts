import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { openCredentialsMemory, readCredentials } from './read-credentials.ts'

const key = (secret: string) => ({ kind: 'key', secret })

test.each([
  [{}, null],
  [{ authorization: 'Bearer abc' }, key('abc')],
  [{ authorization: 'bearer   abc ' }, key('abc')],
  [{ authorization: 'abc' }, key('abc')],
  [{ authorization: '  ' }, null],
  [{ 'x-api-key': 'abc' }, key('abc')],
  [{ authorization: 'Bearer abc', 'x-api-key': 'def' }, key('abc')],
  [{ cookie: 'baimo_session=abc' }, { kind: 'session', token: 'abc' }],
  [{ cookie: 'baimo_session=abc', authorization: 'Bearer def' }, key('def')],
  [{ cookie: 'other=abc' }, null],
])('%j shows %j', (headers, credentials) => {
  expect(readCredentials(headers)).toEqual(credentials)
})

test('an empty bearer, as an unset variable makes it, shows nothing', () => {
  for (const authorization of ['Bearer', 'Bearer ', 'bearer   '])
    expect(readCredentials({ authorization })).toBeNull()
})

test('a connection that shows the same bearer again shows the same credentials, and no others do', () => {
  const read = openCredentialsMemory()
  const [one, other] = [{}, {}]
  const show = (socket: object, headers: object) =>
    read({ socket, headers } as unknown as IncomingMessage)
  const abc = show(one, { authorization: 'Bearer abc' })
  expect(abc).toEqual(key('abc'))
  expect(show(one, { authorization: 'Bearer abc' })).toBe(abc)
  expect(show(other, { authorization: 'Bearer abc' })).not.toBe(abc)
  expect(show(one, { authorization: 'Bearer def' })).toEqual(key('def'))
  expect(show(one, {})).toBeNull()
  for (const secret of ['r', 's'])
    expect(show(one, { authorization: 'Bearer', 'x-api-key': secret })).toEqual(key(secret))
})
