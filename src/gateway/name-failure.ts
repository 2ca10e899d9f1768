import { Refusal, readRetryAfterMs } from '../kernel/index.ts'
import type { ResponseHeaders } from '../providers/index.ts'
import type { Failure, FailureReason } from '../routing/index.ts'

/** What an attempt ended with that brought no answer. */
export type FailedEnd =
  /** An error in the dialect's own words, to be shown with this status unless it is tried again. */
  | { readonly kind: 'told'; readonly status: number; readonly body: Buffer }
  | { readonly kind: 'failed'; readonly error: Error }

/** What is known of an attempt when it failed. */
export interface AttemptFacts {
  /** The status of the provider's answer; null: none came. */
  readonly status: number | null
  readonly headers: ResponseHeaders
  /** Whether its bytes had begun to go out. */
  readonly isSent: boolean
  readonly isOwnEngine: boolean
}

/** A failed attempt in the words of routing. */
export function nameFailure(end: FailedEnd, facts: AttemptFacts, nowMs: number): Failure {
  const told = end.kind === 'told' ? end.status : facts.status
  return {
    reason: end.kind === 'told' ? reasonOfStatus(end.status) : reasonOfError(end.error, facts),
    status: told,
    retryAfterMs: readRetryAfterMs(facts.headers, nowMs),
    isFinal: facts.headers['x-should-retry'] === 'false',
    isOwnEngine: facts.isOwnEngine,
  }
}

function reasonOfStatus(status: number): FailureReason {
  if (status === 429) return 'upstream_busy'
  return status === 408 || status >= 500 ? 'upstream_error' : 'request_refused'
}

const REASONS: Readonly<Record<string, FailureReason>> = {
  providers_unreachable: 'upstream_unreachable',
  providers_connection_lost: 'upstream_reset',
  providers_bad_response: 'upstream_unusable',
  providers_redirected: 'upstream_unusable',
  providers_url_invalid: 'upstream_unusable',
  providers_address_forbidden: 'upstream_unusable',
  providers_saturated: 'upstream_saturated',
  providers_closed: 'given_up',
  providers_aborted: 'given_up',
  gateway_upstream_busy: 'upstream_busy',
  gateway_upstream_failed: 'upstream_bad_answer',
  gateway_upstream_refused_us: 'upstream_refused_us',
  gateway_upstream_ended_early: 'upstream_ended_early',
  gateway_upstream_timeout: 'upstream_timeout',
}

function reasonOfError(error: Error, facts: AttemptFacts): FailureReason {
  if (!(error instanceof Refusal)) return 'upstream_error' // an error event of the provider's own
  if (error.code === 'providers_timeout') {
    return facts.isSent ? 'upstream_timeout' : 'upstream_unreachable'
  }
  return REASONS[error.code] ?? 'upstream_unavailable'
}
