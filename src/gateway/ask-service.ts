import type { LiveListing } from '../catalog/index.ts'
import { type JsonObject, newId, Refusal, type RequestId } from '../kernel/index.ts'
import type { LimitHold } from '../limits/index.ts'
import type { Purpose } from '../metering/index.ts'
import type { Principal } from '../people/index.ts'
import { admitRequest } from './admit.ts'
import type { Entrance } from './arrival.ts'
import { takeHold } from './arrival.ts'
import { refuseRoom } from './candidates.ts'
import { refuse } from './errors.ts'
import { runExchange } from './exchange.ts'
import { type AskSink, InnerWriter } from './inner-writer.ts'
import { readEnvelope } from './read-envelope.ts'
import type { Admitted, Relay } from './types.ts'

/** A chat request from within the market. */
export interface AskWish {
  /** For whom: whose limits it takes of, and whose usage it is. */
  readonly principal: Principal
  readonly purpose: Purpose
  /** Whom it goes to first; `others` are further listings of the same model, best first. */
  readonly listing: LiveListing
  readonly others: readonly LiveListing[]
  /** As the dialect has it, without `model`, which the listing gives. */
  readonly body: JsonObject
  readonly sink: AskSink
}

/** A request that is under way. */
export interface Asking {
  readonly requestId: RequestId
  /** Ends it: what came of it is recorded as aborted. Nothing once it has ended. */
  leave(): void
}

/**
 * Asks as `relay` does: the same admission, limits, attempts, settlement and durable record. The
 * sink hears of its end once, after the commit; nothing is thrown, a refusal is an end too.
 */
export function askGateway(
  entrance: Entrance,
  on: { readonly relay: Relay; readonly began: () => () => void },
  wish: AskWish,
): Asking {
  const requestId = newId<'request'>()
  let writer: InnerWriter | null = null
  let hasLeft = false
  const fail = (error: unknown): void => {
    const shown = error instanceof Error ? error : new Error(String(error))
    const code = error instanceof Refusal ? error.code : 'internal'
    entrance.parts.meters.refused('chat', code)
    wish.sink.ended({ kind: 'failed', error: shown, usage: null })
  }
  const run = (admitted: Admitted, envelope: Parameters<typeof takeHold>[1]['envelope']): void => {
    const leave = on.began()
    const ended = (): void => {
      leave()
      release()
      writer?.over()
    }
    try {
      runExchange(on.relay, admitted, {
        envelope,
        ended,
        client: ({ settlement }) => {
          writer = new InnerWriter(wish.sink, () => settlement.usage)
          return writer
        },
      })
    } catch (error) {
      leave()
      admitted.hold?.cancel() // it was not dispatched
      throw error
    }
    if (hasLeft) writer?.leave()
  }
  const share = entrance.bodies.open()
  const release = (): void => share.release()
  try {
    const ready = prepare(entrance, { wish, requestId, share })
    const { envelope } = ready
    const go = (hold: LimitHold | null): void => run({ ...ready.admitted, hold }, envelope)
    const { principal } = wish
    const { listing } = ready.admitted
    const hold = takeHold(entrance.parts, { principal, operation: 'chat', envelope, listing })
    if (!(hold instanceof Promise)) go(hold)
    else
      hold.then(go).catch((error: unknown) => {
        release()
        fail(error)
      })
  } catch (error) {
    release()
    fail(error)
  }
  return {
    requestId,
    leave: () => {
      hasLeft = true
      writer?.leave()
    },
  }
}

function prepare(
  { parts, headersFor }: Entrance,
  of: {
    readonly wish: AskWish
    readonly requestId: RequestId
    readonly share: ReturnType<Entrance['bodies']['open']>
  },
) {
  const { wish, requestId, share } = of
  const { principal, purpose } = wish
  const body = Buffer.from(JSON.stringify({ ...wish.body, model: wish.listing.modelName }))
  if (!share.take(body.length)) throw refuse('gateway_bodies_too_many', FULL, RETRY)
  const nowMs = parts.clock.monotonicMs()
  parts.mayDispatch()
  const { envelope, listing, others } = admitRequest(readEnvelope(body, 'chat'), 'chat', () => ({
    kind: 'listing',
    listing: wish.listing,
    others: wish.others,
    how: 'name',
  }))
  if (others.length === 0 && !share.waitFor(listing.endpoint.providerId))
    throw refuseRoom(listing.modelName)
  const admitted: Admitted = {
    ...{ requestId, principal, purpose, operation: 'chat', listing, others, how: 'name', share },
    upstreamHeaders: headersFor(undefined, envelope.isStream),
    hold: null,
    startedAtMs: parts.clock.nowMs(),
    arrivedMs: nowMs,
    bodyReadMs: nowMs,
  }
  return { envelope, admitted }
}

const FULL = 'The bodies of running requests fill the memory kept for them; try again later.'
const RETRY = { retryAfterSeconds: 1 }
