import type { LiveListing, Resolution } from '../catalog/index.ts'
import { assertNever } from '../kernel/index.ts'
import type { Operation } from '../metering/index.ts'
import { refuse } from './errors.ts'
import { type Envelope, MAX_DEPTH, readEnvelope } from './read-envelope.ts'
import { scanMembers } from './scan-members.ts'

export interface Admission {
  readonly envelope: Envelope
  readonly listing: LiveListing
  readonly how: 'name' | 'alias' | 'listing-id'
}

/**
 * Decides whether a request body may be dispatched, and to which listing.
 * Throws `gateway_body_invalid`, `gateway_model_unknown`, `gateway_model_ambiguous`,
 * `gateway_model_not_live`, `gateway_operation_unsupported`, `gateway_parameter_unsupported`.
 */
export function admitRequest(
  body: Buffer,
  operation: Operation,
  resolve: (name: string) => Resolution,
): Admission {
  const reading = readEnvelope(body, operation)
  if (reading.kind === 'fault') {
    const param = reading.param === null ? {} : { param: reading.param }
    throw refuse('gateway_body_invalid', reading.message, param)
  }
  const { envelope } = reading
  const resolution = resolve(envelope.model)
  if (resolution.kind !== 'listing') throw refuseName(envelope.model, resolution)
  requireCapability(resolution.listing, operation)
  requireParameters(resolution.listing, body)
  return { envelope, listing: resolution.listing, how: resolution.how }
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

/**
 * An empty list says that nothing is known of a listing's capabilities, not that it has none: it is
 * asked, and its provider judges. One that has others but lacks this one is not asked.
 */
function requireCapability(listing: LiveListing, operation: Operation): void {
  const { capabilities, modelName } = listing
  if (capabilities.length === 0 || capabilities.includes(CAPABILITY_OF[operation])) return
  const message = `${modelName} is not offered for ${operation}, only for ${capabilities.join(', ')}.`
  throw refuse('gateway_operation_unsupported', message, { param: 'model' })
}

/** A parameter that the provider is known to reject is refused by its name before it is sent. */
function requireParameters(listing: LiveListing, body: Buffer): void {
  const { rejectedParameters } = listing.endpoint.quirks
  if (rejectedParameters.length === 0) return
  const scan = scanMembers(body, new Set(rejectedParameters), MAX_DEPTH)
  const [rejected] = scan.kind === 'object' ? [...scan.members.keys()] : []
  if (rejected === undefined) return
  const message = `The provider of ${listing.modelName} takes no "${rejected}"; leave it out.`
  throw refuse('gateway_parameter_unsupported', message, { param: rejected })
}
