import { expect, test } from 'vitest'
import { jsonRoute } from '../people/index.ts'
import { refuseCall } from './refuse-call.ts'

const route = jsonRoute({
  method: 'GET',
  path: '/api/x',
  access: 'operator',
  scope: 'api',
  dialect: 'problem',
  summary: 'For tests',
  handle: () => ({}),
})

test('each refusal says what would help', () => {
  expect(refuseCall({ kind: 'key-missing' }, route)).toMatchObject({
    code: 'people_key_missing',
    message: expect.stringContaining('owner.key'),
  })
  expect(refuseCall({ kind: 'role-too-weak' }, route)).toMatchObject({
    code: 'people_role_too_weak',
    message: expect.stringContaining('house'),
  })
  expect(refuseCall({ kind: 'scope-missing', scope: 'api' }, route)).toMatchObject({
    code: 'people_scope_missing',
    message: expect.stringContaining('scope api'),
  })
  expect(() => refuseCall({ kind: 'allowed' }, route)).toThrow('not refused')
})
