import type { LiveListing } from '../catalog/index.ts'
import type { Outcome, Usage } from '../metering/index.ts'
import type { Counted } from './count-usage.ts'
import type { RequestPrice } from './price-request.ts'
import type { Admitted } from './types.ts'

/** The attempt that decided: whose answer, or failure, the client gets. */
export interface Deciding {
  readonly listing: LiveListing
  readonly status: number | null
  readonly firstByteAtMs: number | null
}

/** Where nothing was sent to anybody. */
export function notSent(listing: LiveListing): Deciding {
  return { listing, status: null, firstByteAtMs: null }
}

/** The usage of a request, recorded once, under its id and for the attempt that decided. */
export function makeRecord(
  admitted: Admitted,
  deciding: Deciding,
  end: {
    outcome: Outcome
    counted: Counted
    price: Pick<RequestPrice, 'cost' | 'computeMs'>
    isStream: boolean
    nowMs: number
  },
): Usage {
  const { requestId, principal, purpose, operation, arrivedMs, startedAtMs } = admitted
  const { listing, status, firstByteAtMs } = deciding
  return {
    id: requestId,
    organisationId: principal.organisationId,
    subjectId: principal.subjectId,
    keyId: principal.keyId,
    teamId: principal.teamId,
    modelId: listing.modelId,
    variantId: listing.variantId,
    listingId: listing.listingId,
    purpose,
    operation,
    isStream: end.isStream,
    tokens: end.counted.tokens,
    source: end.counted.source,
    outcome: end.outcome,
    upstreamStatus: status,
    upstreamId: end.counted.upstreamId,
    startedAtMs,
    // The bytes of an error are none of an answer.
    firstByteMs: firstByteAtMs === null || isRefusal(status) ? null : firstByteAtMs - arrivedMs,
    totalMs: end.nowMs - arrivedMs,
    computeMs: end.price.computeMs,
    cost: end.price.cost,
    route: admitted.route ?? null,
  }
}

function isRefusal(status: number | null): boolean {
  return status !== null && status >= 400
}
