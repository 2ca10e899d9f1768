import type { Failure, Mark, Scope } from './types.ts'

/** Statuses after which the same listing may well answer a moment later. */
const PASSING = new Set([408, 429, 500, 502, 503, 504, 529])
/** A provider that wishes for a longer wait is not asked again by the same request. */
export const LONGEST_WAIT_MS = 5_000

/**
 * Where a request may go after an attempt failed, and what that says of the listing.
 *
 * - To the same listing again: what may pass by itself (no connection, a reset, a busy or failing
 *   provider, something that is no answer).
 * - Only to another: what will not change in a moment (a first byte that did not come, our key
 *   refused, all connections busy, a provider that wishes for a long wait or says that a retry is
 *   in vain), and what the engine lost, as the request may be what killed it.
 * - Nowhere: what the request itself is to blame for, and what ended on our side.
 */
export function judgeFailure(failure: Failure): { readonly scope: Scope; readonly mark: Mark } {
  return { scope: scopeOf(failure), mark: markOf(failure) }
}

function scopeOf(failure: Failure): Scope {
  const isLong = (failure.retryAfterMs ?? 0) > LONGEST_WAIT_MS
  switch (failure.reason) {
    case 'request_refused':
    case 'given_up':
      return 'never'
    case 'upstream_reset':
      return failure.isOwnEngine ? 'elsewhere' : again(failure, isLong)
    case 'upstream_error':
    case 'upstream_busy':
    case 'upstream_bad_answer':
      return isPassing(failure.status) ? again(failure, isLong) : 'elsewhere'
    case 'upstream_unreachable':
    case 'upstream_ended_early':
      return again(failure, isLong)
    case 'upstream_timeout':
    case 'upstream_refused_us':
    case 'upstream_unusable':
    case 'upstream_saturated':
    case 'upstream_unavailable':
      return 'elsewhere'
  }
}

function again(failure: Failure, isLong: boolean): Scope {
  return failure.isFinal || isLong ? 'elsewhere' : 'again'
}

/** A 200 that holds no answer is as passing as a 502. */
function isPassing(status: number | null): boolean {
  return status === null || status < 400 || PASSING.has(status)
}

function markOf(failure: Failure): Mark {
  switch (failure.reason) {
    case 'upstream_busy':
      return 'busy'
    case 'request_refused':
    case 'given_up':
    case 'upstream_saturated':
    case 'upstream_unavailable':
      return 'none'
    case 'upstream_bad_answer':
      // A page of a proxy with 413 or 404 may be the request's fault, so it is nobody's.
      return isClientStatus(failure.status) ? 'none' : 'failure'
    case 'upstream_error':
    case 'upstream_unreachable':
    case 'upstream_reset':
    case 'upstream_timeout':
    case 'upstream_ended_early':
    case 'upstream_refused_us':
    case 'upstream_unusable':
      return 'failure'
  }
}

function isClientStatus(status: number | null): boolean {
  return status !== null && status >= 400 && status < 500
}
