import { expect, test } from 'vitest'
import { isContentRefusal } from './is-content-refusal.ts'

const body = (error: object): Buffer => Buffer.from(JSON.stringify({ error }))

test('a provider that refuses the content says so by code, type or words', () => {
  for (const error of [
    { code: 'content_filter', message: 'x' },
    { code: 'data_inspection_failed', message: 'x' },
    {
      message: 'Content Exists Risk',
      type: 'invalid_request_error',
      code: 'invalid_request_error',
    },
    { code: null, innererror: { code: 'ResponsibleAIPolicyViolation_content_filter' } },
  ])
    expect(isContentRefusal(body(error), 400), JSON.stringify(error)).toBe(true)
})

test('other errors are no refusal of the content, nor is one of the server', () => {
  expect(isContentRefusal(body({ message: 'Bad temperature.', code: null }), 400)).toBe(false)
  expect(isContentRefusal(body({ code: 'content_filter' }), 500)).toBe(false)
  expect(isContentRefusal(Buffer.from('<html>'), 400)).toBe(false)
  expect(isContentRefusal(Buffer.from('{"error":"no"}'), 400)).toBe(false)
})
