import { expect, it } from 'vitest'
import { describeFailure } from './describe-failure.ts'
import { refuseProvider } from './errors.ts'

function failure(code: string, message = 'at 10.0.0.5:8000'): Error {
  return Object.assign(new Error(message), { code })
}

it.each([
  ['ECONNREFUSED', 'providers_unreachable'],
  ['ENOTFOUND', 'providers_unreachable'],
  ['ENOENT', 'providers_unreachable'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'providers_unreachable'],
  ['UND_ERR_CONNECT_TIMEOUT', 'providers_timeout'],
  ['UND_ERR_HEADERS_TIMEOUT', 'providers_timeout'],
  ['UND_ERR_BODY_TIMEOUT', 'providers_timeout'],
  ['ECONNRESET', 'providers_connection_lost'],
  ['UND_ERR_SOCKET', 'providers_connection_lost'],
  ['HPE_INVALID_CONSTANT', 'providers_bad_response'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'providers_bad_response'],
  ['UND_ERR_CLOSED', 'providers_closed'],
  ['SOMETHING_NEW', 'providers_connection_lost'],
])('calls %s %s, and names no address', (code, expected) => {
  const refusal = describeFailure(failure(code))
  expect(refusal.code).toBe(expected)
  expect(refusal.message).not.toContain('10.0.0.5')
  expect(String(refusal.cause)).toContain('10.0.0.5')
})

it('looks into the errors of all addresses that were tried', () => {
  const all = new AggregateError([failure('ECONNREFUSED'), failure('ENETUNREACH')])
  expect(describeFailure(all).code).toBe('providers_unreachable')
})

it('leaves refusals as they are', () => {
  const refusal = refuseProvider('providers_saturated', 'busy')
  expect(describeFailure(refusal)).toBe(refusal)
})

it('keeps no byte of an answer that could not be parsed', () => {
  const parser = Object.assign(new Error('Expected HTTP/'), { data: 'secret text' })
  parser.name = 'HTTPParserError'
  const refusal = describeFailure(parser)
  expect(refusal.code).toBe('providers_bad_response')
  expect(refusal.cause).not.toHaveProperty('data')
})
