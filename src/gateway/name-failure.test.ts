import { describe, expect, it } from 'vitest'
import { refusalsOf } from '../kernel/index.ts'
import { providerErrors } from '../providers/index.ts'
import { FAILURE_REASONS } from '../routing/index.ts'
import { gatewayErrors } from './errors.ts'
import { nameFailure } from './name-failure.ts'

const refuse = refusalsOf({ ...providerErrors, ...gatewayErrors })
const facts = { status: null, headers: {}, isSent: true, isOwnEngine: false }

describe('nameFailure', () => {
  it.each([
    [400, 'request_refused'],
    [404, 'request_refused'],
    [408, 'upstream_error'],
    [413, 'request_refused'],
    [422, 'request_refused'],
    [429, 'upstream_busy'],
    [500, 'upstream_error'],
    [529, 'upstream_error'],
  ])('takes an error of the dialect with %i as %s', (status, reason) => {
    const end = { kind: 'told' as const, status, body: Buffer.from('{}') }
    expect(nameFailure(end, { ...facts, status }, 0)).toMatchObject({ reason, status })
  })

  it('takes a timeout before anything was sent as no connection', () => {
    const end = { kind: 'failed' as const, error: refuse('providers_timeout', 'Late.') }
    expect(nameFailure(end, { ...facts, isSent: false }, 0).reason).toBe('upstream_unreachable')
    expect(nameFailure(end, facts, 0).reason).toBe('upstream_timeout')
  })

  it.each(Object.keys(providerErrors) as (keyof typeof providerErrors)[])(
    'has a word for %s',
    (code) => {
      const end = { kind: 'failed' as const, error: refuse(code, 'It failed.') }
      expect(FAILURE_REASONS).toContain(nameFailure(end, facts, 0).reason)
    },
  )

  it('does not know what other parts refuse with, so it is not there', () => {
    const absent = refusalsOf({
      engine_absent: { kind: 'unavailable', title: 'No engine.', isRetryable: false },
    })
    const end = { kind: 'failed' as const, error: absent('engine_absent', 'No engine.') }
    expect(nameFailure(end, facts, 0).reason).toBe('upstream_unavailable')
  })

  it('reads what the provider wishes', () => {
    const headers = { 'retry-after': '2', 'x-should-retry': 'false' }
    const end = { kind: 'told' as const, status: 503, body: Buffer.from('{}') }
    const failure = nameFailure(end, { ...facts, headers, isOwnEngine: true }, 0)
    expect(failure).toMatchObject({ retryAfterMs: 2_000, isFinal: true, isOwnEngine: true })
  })
})
