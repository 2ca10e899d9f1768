import type { FailureReason } from './types.ts'

/** What a listing failed of, as a clause for people. */
export const REASON_WORDS: Readonly<Record<FailureReason, string>> = {
  upstream_unreachable: 'its provider cannot be reached',
  upstream_reset: 'its provider drops the connection',
  upstream_timeout: 'it does not answer in time',
  upstream_busy: 'its provider is busy',
  upstream_error: 'its provider answers with errors',
  upstream_bad_answer: 'what comes back is no answer of a model',
  upstream_ended_early: 'its answers break off',
  upstream_refused_us: 'its provider refuses the key or account it was given',
  upstream_unusable: 'its address leads elsewhere or is no API',
  upstream_saturated: 'all connections to it are busy',
  upstream_unavailable: 'it is not there',
  request_refused: 'it refused the request',
  given_up: 'the request was given up',
}
