import { describe, expect, it } from 'vitest'
import { judgeFailure } from './judge-failure.ts'
import { FAILURE_REASONS, type Failure } from './types.ts'

function failure(over: Partial<Failure>): Failure {
  return {
    reason: 'upstream_error',
    status: null,
    retryAfterMs: null,
    isFinal: false,
    isOwnEngine: false,
    ...over,
  }
}

describe('judgeFailure', () => {
  it.each([
    ['upstream_unreachable', null, 'again', 'failure'],
    ['upstream_reset', null, 'again', 'failure'],
    ['upstream_ended_early', 200, 'again', 'failure'],
    ['upstream_busy', 429, 'again', 'busy'],
    ['upstream_error', 408, 'again', 'failure'],
    ['upstream_error', 500, 'again', 'failure'],
    ['upstream_error', 502, 'again', 'failure'],
    ['upstream_error', 503, 'again', 'failure'],
    ['upstream_error', 504, 'again', 'failure'],
    ['upstream_error', 529, 'again', 'failure'],
    ['upstream_error', 501, 'elsewhere', 'failure'],
    ['upstream_error', 508, 'elsewhere', 'failure'],
    ['upstream_bad_answer', 200, 'again', 'failure'],
    ['upstream_bad_answer', 502, 'again', 'failure'],
    ['upstream_bad_answer', 404, 'elsewhere', 'none'],
    ['upstream_bad_answer', 413, 'elsewhere', 'none'],
    ['upstream_timeout', null, 'elsewhere', 'failure'],
    ['upstream_refused_us', 401, 'elsewhere', 'failure'],
    ['upstream_unusable', null, 'elsewhere', 'failure'],
    ['upstream_saturated', null, 'elsewhere', 'none'],
    ['upstream_unavailable', null, 'elsewhere', 'none'],
    ['request_refused', 400, 'never', 'none'],
    ['request_refused', 404, 'never', 'none'],
    ['given_up', null, 'never', 'none'],
  ] as const)('%s (%s): %s, and %s for its health', (reason, status, scope, mark) => {
    expect(judgeFailure(failure({ reason, status }))).toEqual({ scope, mark })
  })

  it.each(FAILURE_REASONS)('never sends %s to the same listing against its word', (reason) => {
    for (const word of [{ isFinal: true }, { retryAfterMs: 5_001 }]) {
      expect(judgeFailure(failure({ reason, status: 503, ...word })).scope).not.toBe('again')
    }
  })

  it('waits for up to five seconds when asked to', () => {
    const asked = failure({ reason: 'upstream_busy', status: 429, retryAfterMs: 5_000 })
    expect(judgeFailure(asked).scope).toBe('again')
  })

  it('does not give the engine what may have killed it', () => {
    const lost = failure({ reason: 'upstream_reset', isOwnEngine: true })
    expect(judgeFailure(lost).scope).toBe('elsewhere')
  })
})
