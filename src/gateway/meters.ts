import type { LiveListing } from '../catalog/index.ts'
import type { Metrics, TokenBuckets, Usage } from '../metering/index.ts'
import type { Health } from '../routing/index.ts'
import type { GatewayMeters } from './types.ts'

/** Upper bounds in seconds: from an answer of the engine's cache to a long one of a large model. */
const ANSWER_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]
/** Ours alone: the goal is below half a millisecond. */
const OVERHEAD_SECONDS = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 1, 5]

const BUCKET_NAMES: Readonly<Record<keyof TokenBuckets, string>> = {
  input: 'input',
  cachedInput: 'cached_input',
  cacheWrite: 'cache_write',
  output: 'output',
  reasoning: 'reasoning',
}

const BUCKETS = Object.keys(BUCKET_NAMES) as (keyof TokenBuckets)[]

/**
 * What the relay counts, on a registry. Seconds are those of answered requests alone: one that a
 * client gives up or a provider breaks off says nothing of how long answers take.
 */
export function gatewayMeters(metrics: Metrics): GatewayMeters {
  const requests = metrics.counter(
    'baimo_requests_total',
    'Requests that were dispatched to a provider and have ended.',
    ['operation', 'outcome'],
  )
  const refusals = metrics.counter(
    'baimo_refusals_total',
    'Requests of which nothing was sent to a provider, by the code of the refusal.',
    ['operation', 'code'],
  )
  const tokens = metrics.counter(
    'baimo_tokens_total',
    'Tokens in disjoint buckets: their sum is everything that providers count.',
    ['operation', 'bucket', 'source'],
  )
  const failures = metrics.counter(
    'baimo_upstream_errors_total',
    'Requests that a provider failed or refused, by listing.',
    ['listing', 'model'],
  )
  const unpriced = metrics.counter(
    'baimo_cost_unknown_total',
    'Requests that were dispatched and whose cost is not known, by the reason.',
    ['model', 'reason'],
  )
  const seconds = metrics.histogram(
    'baimo_request_seconds',
    'From the arrival of an answered request to the end of its answer.',
    { buckets: ANSWER_SECONDS, labels: ['operation'] },
  )
  const firstSeconds = metrics.histogram(
    'baimo_first_token_seconds',
    'From the arrival of an answered stream to the first byte of its answer.',
    { buckets: ANSWER_SECONDS, labels: ['operation'] },
  )
  const overhead = metrics.histogram(
    'baimo_overhead_seconds',
    'Time of an answered request that is ours: before its dispatch and for the commit of its usage.',
    { buckets: OVERHEAD_SECONDS, labels: ['operation'] },
  )

  return {
    ...attemptMeters(metrics),
    refused: (operation, code) => refusals.with(operation, code).add(),
    finished(usage, listing, overheadMs) {
      const { operation, outcome } = usage
      requests.with(operation, outcome).add()
      countTokens(tokens, usage)
      if (usage.cost?.isKnown === false) unpriced.with(listing.modelName, usage.cost.reason).add()
      if (outcome === 'upstream_error') failures.with(...namesOf(listing)).add()
      if (outcome !== 'answered') return
      seconds.with(operation).observe(usage.totalMs / 1_000)
      overhead.with(operation).observe(overheadMs / 1_000)
      if (usage.isStream && usage.firstByteMs !== null) {
        firstSeconds.with(operation).observe(usage.firstByteMs / 1_000)
      }
    },
  }
}

function attemptMeters(metrics: Metrics): Pick<GatewayMeters, 'retried' | 'fellBack' | 'opened'> {
  const retries = metrics.counter(
    'baimo_retries_total',
    'Attempts that failed and were made again at the same listing, by the listing.',
    ['listing', 'reason'],
  )
  const fallbacks = metrics.counter(
    'baimo_fallbacks_total',
    'Times that another listing was asked, by the listing that failed or was passed over.',
    ['listing', 'reason'],
  )
  const openings = metrics.counter(
    'baimo_breaker_opened_total',
    'Times that a listing failed again and again and was left alone for a while.',
    ['listing', 'model'],
  )
  return {
    retried: (listing, reason) => retries.with(listing.listingId, reason).add(),
    fellBack: (listing, reason) => fallbacks.with(listing.listingId, reason).add(),
    opened: (listing) => openings.with(...namesOf(listing)).add(),
  }
}

/** Which listings rest, on a registry: 1 from the opening of a breaker until it closes. */
export function meterHealth(metrics: Metrics, health: Pick<Health, 'list'>): void {
  metrics.gaugesFrom('baimo_breaker_open', 'Whether a listing that was asked lately rests.', {
    label: 'listing',
    read: () =>
      health.list().map(({ listingId, state }) => [listingId, state === 'closed' ? 0 : 1] as const),
  })
}

function countTokens(tokens: ReturnType<Metrics['counter']>, usage: Usage): void {
  for (const bucket of BUCKETS) {
    const count = usage.tokens[bucket]
    if (count > 0) tokens.with(usage.operation, BUCKET_NAMES[bucket], usage.source).add(count)
  }
}

function namesOf(listing: LiveListing): readonly [string, string] {
  return [listing.listingId, listing.modelName]
}
