import { describe, expect, it } from 'vitest'
import { judgeWholeAnswer } from './judge-answer.ts'

const nowMs = Date.parse('2026-11-25T11:59:30Z')

function judge(status: number, body: string, headers: Record<string, string> = {}) {
  return judgeWholeAnswer({ status, headers, nowMs }, Buffer.from(body))
}

describe('judgeWholeAnswer', () => {
  it('finds the usage and the id of an answer', () => {
    expect(judge(200, '{"id":"c-1","choices":[],"usage":{"prompt_tokens":3}}')).toEqual({
      kind: 'answer',
      usage: { prompt_tokens: 3 },
      upstreamId: 'c-1',
    })
  })

  it('takes embeddings and answers without usage', () => {
    expect(judge(200, '{"object":"list","data":[]}')).toEqual({
      kind: 'answer',
      usage: undefined,
      upstreamId: null,
    })
    expect(judge(200, '{"choices":[],"error":null,"usage":null}').kind).toBe('answer')
  })

  it.each([
    [400, '{"error":{"message":"bad"}}'],
    [404, '{"error":"model not found"}'],
    [422, '{"detail":[{"loc":["body"],"msg":"x"}]}'],
    [400, '{"object":"error","message":"bad","code":400}'],
    [429, '{"error":{"message":"slow down","code":"rate_limit_exceeded"}}'],
    [500, '{"error":{"message":"broke"}}'],
  ])('passes an error in the dialect’s shape on with its status: %i %s', (status, body) => {
    expect(judge(status, body)).toEqual({ kind: 'dialect-error', status })
  })

  it('gives an error that came with 200 its own status', () => {
    expect(judge(200, '{"error":{"message":"x","code":503}}')).toEqual({
      kind: 'dialect-error',
      status: 503,
    })
    expect(judge(200, '{"error":{"message":"x"}}')).toEqual({ kind: 'dialect-error', status: 502 })
  })

  it.each([
    [401, '{"error":{"message":"Incorrect API key sk-123"}}'],
    [402, '{"error":{"message":"pay"}}'],
    [403, '<html>'],
    [407, ''],
    [429, '{"error":{"message":"no credit","type":"insufficient_quota","code":null}}'],
    [429, '{"error":{"message":"no credit","code":"insufficient_quota"}}'],
  ])('shows the market’s own troubles as its own: %i %s', (status, body) => {
    const judged = judge(status, body)
    expect(judged).toMatchObject({
      kind: 'refused',
      refusal: { code: 'gateway_upstream_refused_us', kind: 'upstream', isRetryable: false },
    })
    expect(JSON.stringify(judged)).not.toMatch(/sk-123|no credit/)
  })

  it.each([
    [502, '<html><body>502 Bad Gateway</body></html>'],
    [500, ''],
    [500, '{}'],
    [500, '{"status":"broken"}'],
    [200, '<html>Please sign in</html>'],
    [200, ''],
    [204, ''],
    [200, '{}'],
    [200, '[]'],
    [200, '"text"'],
    [200, '{"choices":[{"message"'],
    [200, `{"choices":${'['.repeat(300)}${']'.repeat(300)}}`],
  ])('refuses what is no answer: %i %s', (status, body) => {
    expect(judge(status, body)).toMatchObject({
      kind: 'refused',
      refusal: { code: 'gateway_upstream_failed', details: { upstream_status: status } },
    })
  })

  it.each([
    [{ 'retry-after': '7' }, 7],
    [{}, undefined],
    [{ 'retry-after': 'Wed, 25 Nov 2026 12:00:00 GMT' }, 30],
    [{ 'retry-after': '-1' }, undefined],
    [{ 'retry-after-ms': '1500' }, 2],
  ])(
    'says that the provider is busy, and until when where that is known: %j',
    (headers, seconds) => {
      expect(judge(429, 'too many', headers)).toMatchObject({
        kind: 'refused',
        refusal: { code: 'gateway_upstream_busy', kind: 'exhausted', retryAfterSeconds: seconds },
      })
    },
  )
})
