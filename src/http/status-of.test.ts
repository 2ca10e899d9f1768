import { STATUS_CODES } from 'node:http'
import { expect, test } from 'vitest'
import { httpErrors } from './errors.ts'
import { statusOf, titleOf } from './status-of.ts'

test('each kind has its status, and a few codes have their own', () => {
  expect(statusOf({ code: 'x_y', kind: 'forbidden' })).toBe(403)
  expect(statusOf({ code: 'x_y', kind: 'upstream_timeout' })).toBe(504)
  expect(statusOf({ code: 'http_method_unknown', kind: 'invalid' })).toBe(405)
})

test('titles are HTTP’s own', () => {
  for (const [code, { kind }] of Object.entries(httpErrors)) {
    const status = statusOf({ code, kind })
    // Node still says what RFC 9110 renamed.
    const known = STATUS_CODES[status]?.replace('Payload Too Large', 'Content Too Large')
    expect(titleOf(status)).toBe(known)
  }
  expect(titleOf(299)).toBe('Error')
})
