import type { LiveListing, Resolution } from '../catalog/index.ts'
import { assertNever } from '../kernel/index.ts'
import type { Operation } from '../metering/index.ts'
import { refuse } from './errors.ts'
import type { Envelope, EnvelopeReading } from './read-envelope.ts'

export interface Admission {
  readonly envelope: Envelope
  /** The best of those that can serve the request. */
  readonly listing: LiveListing
  /** Other listings of the model, best first. Whether they fit is not decided yet. */
  readonly others: readonly LiveListing[]
  /** How the name led there, for `x-baimo-route`. */
  readonly how: string
}

/**
 * Decides whether a request that was read may be dispatched, and to which listing.
 * Throws `gateway_body_invalid`, `gateway_model_unknown`, `gateway_model_ambiguous`,
 * `gateway_model_not_live`, `gateway_operation_unsupported`, `gateway_parameter_unsupported`.
 */
export function admitRequest(
  reading: EnvelopeReading,
  operation: Operation,
  resolve: (name: string) => Resolution,
): Admission {
  if (reading.kind === 'fault') {
    const param = reading.param === null ? {} : { param: reading.param }
    throw refuse('gateway_body_invalid', reading.message, param)
  }
  const { envelope } = reading
  const resolution = resolve(envelope.model)
  if (resolution.kind !== 'listing') throw refuseName(envelope.model, resolution)
  const { listing, others, how } = resolution
  if (fitsListing(listing, operation, envelope)) return { envelope, listing, others, how }
  const all = listing.resilience.fallsBack ? [listing, ...others] : [listing]
  const [first, ...rest] = all.filter((each) => fitsListing(each, operation, envelope))
  if (first === undefined) throw refuseAll(all, operation, envelope)
  return { envelope, listing: first, others: rest, how }
}

/** Whether a listing can serve a request: what another was refused for holds for it too. */
export function fitsListing(
  listing: LiveListing,
  operation: Operation,
  envelope: Envelope,
): boolean {
  return hasCapability(listing, operation) && rejectedParameter(listing, envelope) === undefined
}

function refuseName(name: string, resolution: Exclude<Resolution, { kind: 'listing' }>): Error {
  const shown = JSON.stringify(name.slice(0, 200))
  const param = { param: 'model' }
  switch (resolution.kind) {
    case 'unknown': {
      const { nearest } = resolution
      const next =
        nearest.length > 0
          ? `Nearest: ${nearest.join(', ')}.`
          : 'GET /v1/models lists what this key may use.'
      return refuse('gateway_model_unknown', `There is no model ${shown}. ${next}`, param)
    }
    case 'ambiguous': {
      const candidates = resolution.candidates.join(', ')
      const message = `${shown} fits several models: ${candidates}. Write the publisher before it.`
      return refuse('gateway_model_ambiguous', message, param)
    }
    case 'no-live-listing': {
      const message = `${resolution.modelName} is in the catalog, but no listing of it is switched on.`
      return refuse('gateway_model_not_live', message, param)
    }
    default:
      return assertNever(resolution, 'gateway: unknown resolution')
  }
}

const CAPABILITY_OF = { chat: 'chat', completions: 'completion', embeddings: 'embedding' } as const

/** Why none serves: what lacks the operation itself says less than what lacks a parameter. */
function refuseAll(
  listings: readonly LiveListing[],
  operation: Operation,
  envelope: Envelope,
): Error {
  const able = listings.find((listing) => hasCapability(listing, operation))
  if (able === undefined) {
    const name = listings[0]?.modelName ?? envelope.model
    const offered = [...new Set(listings.flatMap(({ capabilities }) => capabilities))].join(', ')
    const message = `${name} is not offered for ${operation}, only for ${offered}.`
    return refuse('gateway_operation_unsupported', message, { param: 'model' })
  }
  const rejected = rejectedParameter(able, envelope) ?? ''
  const message = `The provider of ${able.modelName} takes no "${rejected}"; leave it out.`
  return refuse('gateway_parameter_unsupported', message, { param: rejected })
}

/**
 * An empty list says that nothing is known of a listing's capabilities, not that it has none: it is
 * asked, and its provider judges. One that has others but lacks this one is not asked.
 */
function hasCapability({ capabilities }: LiveListing, operation: Operation): boolean {
  return capabilities.length === 0 || capabilities.includes(CAPABILITY_OF[operation])
}

/** A parameter that the provider is known to reject; it is not sent there. */
function rejectedParameter({ endpoint }: LiveListing, { names }: Envelope): string | undefined {
  return endpoint.quirks.rejectedParameters.find((name) => names.has(name))
}
