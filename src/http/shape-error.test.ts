import { expect, test } from 'vitest'
import { type ErrorKind, Refusal } from '../kernel/index.ts'
import { asRefusal, shapeError, shapeOpenaiError } from './shape-error.ts'

const requestId = '01a2134f-7fc6-7f2f-86ca-6eb0067117d3'

function refusal(kind: ErrorKind, code = 'test_code', isRetryable = false): Refusal {
  const options = { param: 'model', retryAfterSeconds: 0.2, details: { nearest: ['a/b'] } }
  return new Refusal(code, { kind, title: 'Title', isRetryable }, 'Do that.', options)
}

test('a problem document says what RFC 9457 wants and our code', () => {
  const shaped = shapeError(refusal('invalid'), { dialect: 'problem', requestId })
  expect(shaped.status).toBe(400)
  expect(shaped.headers['content-type']).toBe('application/problem+json; charset=utf-8')
  expect(JSON.parse(shaped.body)).toEqual({
    type: 'about:blank',
    title: 'Bad Request',
    status: 400,
    detail: 'Do that.',
    code: 'test_code',
    param: 'model',
    details: { nearest: ['a/b'] },
    request_id: requestId,
  })
})

test('OpenAI’s shape has its four members, absent ones null', () => {
  const bare = new Refusal('test_code', { kind: 'upstream', title: '', isRetryable: true }, 'Wait.')
  const shaped = shapeOpenaiError(bare, requestId)
  expect(shaped.status).toBe(502)
  expect(JSON.parse(shaped.body)).toEqual({
    error: { message: 'Wait.', type: 'server_error', param: null, code: 'test_code' },
  })
  expect(JSON.parse(shapeOpenaiError(refusal('invalid'), requestId).body).error.param).toBe('model')
})

test('an unknown model has the code that clients of OpenAI look for', () => {
  for (const code of ['gateway_model_unknown', 'gateway_model_not_live', 'catalog_model_unknown']) {
    const shaped = shapeOpenaiError(refusal('not_found', code), requestId)
    expect(JSON.parse(shaped.body).error.code).toBe('model_not_found')
    const problem = shapeError(refusal('not_found', code), { dialect: 'problem', requestId })
    expect(JSON.parse(problem.body).code).toBe(code)
  }
})

test('clients are told when to come again, and when not to', () => {
  const later = shapeOpenaiError(refusal('exhausted', 'a_b', true), requestId).headers
  expect(later['retry-after']).toBe('1')
  expect(later['x-should-retry']).toBeUndefined()
  const never = shapeOpenaiError(refusal('exhausted'), requestId).headers
  expect(never['x-should-retry']).toBe('false')
  const unknown = shapeOpenaiError(refusal('unauthenticated'), requestId).headers
  expect(unknown['www-authenticate']).toBe('Bearer realm="baimo"')
})

test('of a bug nothing is told', () => {
  for (const error of [new Error('secret'), 'secret', null, undefined, { secret: 1 }]) {
    expect(asRefusal(error).code).toBe('http_internal')
    expect(shapeOpenaiError(error, requestId).body).not.toContain('secret')
  }
})
