import type { LiveListing } from '../catalog/index.ts'
import type { Operation } from '../metering/index.ts'
import type { Principal } from '../people/index.ts'
import type { Standing } from '../routing/index.ts'
import { type Admission, fitsListing } from './admit.ts'
import { readConversation } from './read-conversation.ts'
import type { Envelope } from './read-envelope.ts'
import type { Admitted, GatewayParts } from './types.ts'

const NOTHING = { asked: null, beginning: null }

/** Has routing choose for a request that names no model. Throws what it refuses. */
export async function routeRequest(
  routing: NonNullable<GatewayParts['routing']>,
  about: {
    readonly operation: Operation
    readonly principal: Principal
    readonly envelope: Envelope
    readonly standingOf: (listing: LiveListing) => Standing
  },
): Promise<Admission & Pick<Admitted, 'purpose' | 'route'>> {
  const { operation, principal, envelope, standingOf } = about
  const { listing, others, how, route, purpose } = await routing.choose({
    name: envelope.model,
    principal,
    conversation:
      operation === 'chat' ? readConversation(envelope.body, envelope.inputMember) : NOTHING,
    fits: (one) => fitsListing(one, operation, envelope),
    standingOf,
  })
  return { envelope, listing, others, how, route, purpose }
}
