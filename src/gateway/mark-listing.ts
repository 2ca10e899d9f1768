import { type Failure, judgeFailure, type Scope } from '../routing/index.ts'
import type { Attempt } from './attempt.ts'
import type { Relay } from './types.ts'

/** Tells a listing's breaker of a failed attempt. Where the request may go now. */
export function markListing(
  relay: Pick<Relay, 'random' | 'meters' | 'log'>,
  attempt: Pick<Attempt, 'listing' | 'breaker' | 'ticket'>,
  at: { readonly failure: Failure; readonly nowMs: number },
): Scope {
  const { listing, breaker, ticket } = attempt
  const { failure, nowMs } = at
  const { scope, mark } = judgeFailure(failure)
  if (mark === 'failure') breaker.blame(failure.reason)
  if (mark === 'busy') breaker.busy(ticket, nowMs, failure.retryAfterMs)
  else if (mark === 'none' || !listing.resilience.hasBreaker) breaker.leave(ticket, nowMs)
  else if (breaker.failed(ticket, nowMs, relay.random())) {
    relay.meters.opened(listing)
    const rests_ms = Math.round(breaker.restsForMs(nowMs))
    const fields = { listing_id: listing.listingId, reason: failure.reason, rests_ms }
    relay.log.warn(fields, 'a listing fails again and again and rests')
  }
  return scope
}
