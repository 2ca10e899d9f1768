import { describe, expect, it } from 'vitest'
import { refuse } from '../errors.ts'
import { toOpenAiError } from './openai-error.ts'

describe('errors in the shape of OpenAI', () => {
  it('carry the code that clients look for', () => {
    const error = toOpenAiError(
      refuse('engine_context_exceeded', 'Too long.', { param: 'messages' }),
    )
    expect(error).toMatchObject({
      status: 400,
      headers: { 'x-should-retry': 'false' },
      body: {
        error: {
          message: 'Too long.',
          type: 'invalid_request_error',
          param: 'messages',
          code: 'context_length_exceeded',
        },
      },
    })
  })

  it('say when to try again', () => {
    const busy = toOpenAiError(refuse('engine_busy', 'Full.', { retryAfterSeconds: 3 }))
    expect(busy.status).toBe(429)
    expect(busy.headers).toEqual({ 'retry-after': '3' })
  })

  it('blame a broken file on the market, not on the request', () => {
    expect(toOpenAiError(refuse('engine_file_truncated', 'Cut off.')).status).toBe(503)
  })

  it('tell nothing of what is no refusal', () => {
    const error = toOpenAiError(new Error('secret'))
    expect(error.status).toBe(500)
    expect(JSON.stringify(error)).not.toContain('secret')
  })
})
