import type { LiveListing } from '../catalog/index.ts'
import type { Failure } from '../routing/index.ts'
import type { LeftReason } from './types.ts'

/**
 * The value of `x-baimo-route`: how the name led to a listing; how many attempts were made if more
 * than one; and, where another listing answers, why the first did not.
 */
export function describeRoute(how: string, attempts: number, left: LeftReason | null): string {
  if (attempts <= 1 && left === null) return how
  const count = attempts > 1 ? `; attempts=${attempts}` : ''
  return left === null ? how + count : `${how}${count}; fallback=${left}`
}

/** A failed attempt for the log: no body (a provider's error message is one), no address. */
export function describeAttempt(
  attempt: { readonly listing: LiveListing; readonly status: number | null },
  failure: Failure,
  error: Error | null,
): Readonly<Record<string, unknown>> {
  return {
    listing_id: attempt.listing.listingId,
    model: attempt.listing.modelName,
    provider: attempt.listing.providerName ?? null,
    upstream_status: attempt.status,
    reason: failure.reason,
    ...(error === null ? {} : { ...causeOf(error), code: codeOf(error), detail: error.message }),
    ...(failure.retryAfterMs === null ? {} : { retry_after_ms: failure.retryAfterMs }),
  }
}

function codeOf(error: Error): unknown {
  return 'code' in error ? error.code : undefined
}

/** What lies beneath a failure, for the operator: the code of a system call, say. */
function causeOf(error: Error): { cause_code?: string; cause?: string } {
  const { cause } = error
  const inner = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause
  if (!(inner instanceof Error)) return {}
  const code = 'code' in inner && typeof inner.code === 'string' ? { cause_code: inner.code } : {}
  return { ...code, cause: inner.message }
}
