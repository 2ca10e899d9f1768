import { describe, expect, it } from 'vitest'
import { failOften } from '../../tests/support/fail-often.ts'
import { liveListing } from '../../tests/support/gateway.ts'
import { newId } from '../kernel/index.ts'
import { createMetrics, type Usage } from '../metering/index.ts'
import { openHealth } from '../routing/index.ts'
import { gatewayMeters, meterHealth } from './meters.ts'

const listing = liveListing({
  providerId: newId<'provider'>(),
  dialect: 'openai',
  baseUrl: 'http://127.0.0.1:9/v1',
  socketPath: null,
  authHeader: null,
  quirks: { acceptsStreamOptions: true, rejectedParameters: [] },
})

function usage(overrides: Partial<Usage> = {}): Usage {
  return {
    id: newId<'request'>(),
    organisationId: newId<'organisation'>(),
    subjectId: newId<'subject'>(),
    keyId: null,
    modelId: listing.modelId,
    variantId: listing.variantId,
    listingId: listing.listingId,
    purpose: 'use',
    operation: 'chat',
    isStream: false,
    tokens: { input: 10, cachedInput: 5, cacheWrite: 0, output: 3, reasoning: 2 },
    source: 'reported',
    outcome: 'answered',
    upstreamStatus: 200,
    upstreamId: null,
    startedAtMs: 0,
    firstByteMs: 40,
    totalMs: 300,
    ...overrides,
  }
}

/** The lines of /metrics with a value above 0, comments left out. */
function linesAfter(count: (meters: ReturnType<typeof gatewayMeters>) => void): string[] {
  const metrics = createMetrics()
  count(gatewayMeters(metrics))
  return metrics
    .render()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && !line.endsWith(' 0'))
}

describe('gatewayMeters', () => {
  it('counts requests of unknown cost by what they were asked of, and why', () => {
    const lines = linesAfter((meters) => {
      const cost = { isKnown: false, reason: 'no_price' } as const
      meters.finished(usage({ cost }), listing, 0.4)
      const known = { isKnown: true, amountPico: 1n, currency: 'USD', priceRef: 'r' } as const
      meters.finished(usage({ cost: known }), listing, 0.4)
    })
    expect(lines.filter((line) => line.startsWith('baimo_cost'))).toEqual([
      'baimo_cost_unknown_total{model="acme/normal",reason="no_price"} 1',
    ])
  })

  it('counts requests, tokens by bucket, and seconds', () => {
    const lines = linesAfter((meters) => {
      meters.finished(usage(), listing, 0.4)
      meters.finished(usage({ isStream: true }), listing, 2)
    })
    expect(lines).toEqual(
      expect.arrayContaining([
        'baimo_requests_total{operation="chat",outcome="answered"} 2',
        'baimo_tokens_total{operation="chat",bucket="input",source="reported"} 20',
        'baimo_tokens_total{operation="chat",bucket="cached_input",source="reported"} 10',
        'baimo_tokens_total{operation="chat",bucket="output",source="reported"} 6',
        'baimo_tokens_total{operation="chat",bucket="reasoning",source="reported"} 4',
        'baimo_request_seconds_bucket{operation="chat",le="0.5"} 2',
        'baimo_request_seconds_sum{operation="chat"} 0.6',
        'baimo_first_token_seconds_count{operation="chat"} 1',
        'baimo_first_token_seconds_bucket{operation="chat",le="0.05"} 1',
        'baimo_overhead_seconds_bucket{operation="chat",le="0.0005"} 1',
        'baimo_overhead_seconds_bucket{operation="chat",le="0.0025"} 2',
      ]),
    )
    expect(lines.join('\n')).not.toMatch(/cache_write|upstream_errors/)
  })

  it('counts failures by listing, and takes no time from them', () => {
    const lines = linesAfter((meters) => {
      meters.finished(usage({ outcome: 'upstream_error' }), listing, 1)
      meters.finished(usage({ outcome: 'aborted', source: 'estimated' }), listing, 1)
    })
    expect(lines).toContain(
      `baimo_upstream_errors_total{listing="${listing.listingId}",model="acme/normal"} 1`,
    )
    expect(lines).toContain('baimo_requests_total{operation="chat",outcome="aborted"} 1')
    expect(lines).toContain(
      'baimo_tokens_total{operation="chat",bucket="output",source="estimated"} 3',
    )
    expect(lines.join('\n')).not.toContain('seconds')
  })

  it('counts refusals by code', () => {
    const lines = linesAfter((meters) => {
      meters.refused('chat', 'gateway_model_unknown')
      meters.refused('embeddings', 'gateway_body_invalid')
    })
    expect(lines).toEqual([
      'baimo_refusals_total{operation="chat",code="gateway_model_unknown"} 1',
      'baimo_refusals_total{operation="embeddings",code="gateway_body_invalid"} 1',
    ])
  })
})

describe('the meters of attempts', () => {
  it('count retries, fallbacks and openings by listing and reason', () => {
    const { listingId } = listing
    const lines = linesAfter((meters) => {
      meters.retried(listing, 'upstream_reset')
      meters.retried(listing, 'upstream_reset')
      meters.fellBack(listing, 'listing_resting')
      meters.opened(listing)
    })
    expect(lines).toEqual([
      `baimo_retries_total{listing="${listingId}",reason="upstream_reset"} 2`,
      `baimo_fallbacks_total{listing="${listingId}",reason="listing_resting"} 1`,
      `baimo_breaker_opened_total{listing="${listingId}",model="acme/normal"} 1`,
    ])
  })

  it('show which listings rest, while they do', () => {
    const metrics = createMetrics()
    const health = openHealth(() => 1_000)
    meterHealth(metrics, health)
    expect(metrics.render()).not.toContain('baimo_breaker_open{')
    health.breakerOf('well').enter(1_000)
    const breaker = health.breakerOf('ill')
    failOften(breaker, 5, 1_000)
    expect(metrics.render()).toContain('baimo_breaker_open{listing="well"} 0\n')
    expect(metrics.render()).toContain('baimo_breaker_open{listing="ill"} 1\n')
  })
})
