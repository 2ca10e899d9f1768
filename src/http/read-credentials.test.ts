import { expect, test } from 'vitest'
import { readCredentials } from './read-credentials.ts'

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
