// edge: takes requests from their sockets and answers them.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestId } from '../kernel/index.ts'
import { Refusal } from '../kernel/index.ts'
import type { LimitHold, TakeLimits } from '../limits/index.ts'
import type { Operation } from '../metering/index.ts'
import type { Principal } from '../people/index.ts'
import { type Health, openHealth } from '../routing/index.ts'
import { admitRequest } from './admit.ts'
import { openBodyBudget } from './body-budget.ts'
import { refuseRoom } from './candidates.ts'
import { collectEnvelope } from './collect-body.ts'
import { estimateTokens } from './estimate-tokens.ts'
import { runExchange } from './exchange.ts'
import { openWatch } from './open-watch.ts'
import type { Envelope } from './read-envelope.ts'
import { openTurns } from './take-turns.ts'
import type { Admitted, GatewayParts, Relay } from './types.ts'
import { upstreamHeadersOf } from './upstream-headers.ts'

/** How long the rest of a refused upload is drained. */
const LINGER_MS = 1_000
/** What the bodies of all requests may hold together. */
const BODIES_BYTES = 256 * 1024 * 1024

export interface Caller {
  readonly principal: Principal
  readonly requestId: string
}

export interface Gateway {
  /** Answers one request of the OpenAI dialect, whatever happens to it. */
  relay(
    operation: Operation,
    request: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
  ): void
  /** Requests that are dispatched and not yet over. */
  readonly runningCount: number
  /**
   * Ends every answer that is still under way: what came of it is recorded as `aborted`, and its
   * client is told so by an error, in a stream by an error event.
   */
  stopAll(): void
  /** How the listings that were asked lately are doing. */
  readonly health: Pick<Health, 'health' | 'list'>
}

/**
 * The way of a request: body → admission → limits → exchange. A dispatched one is recorded once.
 */
export function openGateway(parts: GatewayParts): Gateway {
  let runningCount = 0
  const { clock } = parts
  const health = openHealth(() => clock.monotonicMs())
  const random = parts.random ?? Math.random
  const relay: Relay = { ...parts, random, health, watch: openWatch(clock) }
  const bodies = openBodyBudget(parts.bodiesBytes ?? BODIES_BYTES)
  const turns = openTurns()
  const headersFor = upstreamHeadersOf(parts.marketId)
  const leave = (): void => {
    runningCount -= 1
  }

  function run(admitted: Admitted, envelope: Envelope, response: ServerResponse): void {
    runningCount += 1
    const ended = once(leave)
    try {
      runExchange(relay, admitted, { envelope, response, ended })
    } catch (error) {
      ended()
      admitted.hold?.settle(0) // it was not dispatched
      throw error
    }
  }

  return {
    get runningCount() {
      return runningCount
    },
    health,
    stopAll: () => relay.watch.stopAll(),
    relay: (operation, request, response, caller) => {
      if (response.destroyed) return // nobody is left to answer, and its close has been
      const share = bodies.open()
      response.once('close', share.release)
      const startedAtMs = clock.nowMs()
      const arrivedMs = clock.monotonicMs()
      const { principal } = caller
      const requestId = caller.requestId as RequestId
      const refuse = (error: unknown): void => {
        parts.meters.refused(operation, error instanceof Refusal ? error.code : 'internal')
        writeRefusal(parts, request, response, { error, requestId })
      }
      let bodyReadMs = arrivedMs
      const onWhole = (): void => {
        bodyReadMs = clock.monotonicMs()
      }
      const means = { operation, take: share.take, turns, onWhole }
      collectEnvelope(request, means, (reading) => {
        try {
          if (reading instanceof Error) throw reading
          parts.mayDispatch()
          const { envelope, listing, others, how } = admitRequest(reading, operation, (name) =>
            parts.resolve(name, principal.models),
          )
          const upstreamHeaders = headersFor(request.headers.via, envelope.isStream)
          if (response.destroyed) return
          // Where another may answer, the exchange looks for one that has room.
          if (others.length === 0 && !share.waitFor(listing.endpoint.providerId)) {
            throw refuseRoom(listing.modelName)
          }
          const admit = (hold: LimitHold | null): void => {
            const what = { requestId, principal, operation, listing, others, how }
            const when = { startedAtMs, arrivedMs, bodyReadMs }
            run({ ...what, ...when, upstreamHeaders, share, hold }, envelope, response)
          }
          const hold = takeHold(parts, { principal, operation, envelope, listing })
          if (isPromised(hold)) admitWhenHeld(hold, response, { admit, refuse })
          else admit(hold)
        } catch (error) {
          refuse(error)
        }
      })
    },
  }
}

/** What a request takes of its caller's limits, by what it may consume at most. */
function takeHold(
  parts: GatewayParts,
  about: Pick<Admitted, 'principal' | 'operation' | 'listing'> & { readonly envelope: Envelope },
): ReturnType<TakeLimits> {
  if (parts.takeLimits === undefined) return null
  const { principal, operation, envelope, listing } = about
  const tokens = estimateTokens(envelope, operation, listing.contextTokens)
  return parts.takeLimits(principal, tokens)
}

function isPromised<T extends object | null>(value: T | Promise<T>): value is Promise<T> {
  return value instanceof Promise
}

/** A hold that nobody waits for any more is given back. */
function admitWhenHeld(
  promised: Promise<LimitHold | null>,
  response: ServerResponse,
  then: { admit: (hold: LimitHold | null) => void; refuse: (error: unknown) => void },
): void {
  promised
    .then((hold) => {
      if (response.destroyed) hold?.settle(0)
      else then.admit(hold)
    })
    .catch(then.refuse)
}

function once(call: () => void): () => void {
  let wasCalled = false
  return () => {
    if (wasCalled) return
    wasCalled = true
    call()
  }
}

function writeRefusal(
  parts: GatewayParts,
  request: IncomingMessage,
  response: ServerResponse,
  failure: { readonly error: unknown; readonly requestId: string },
): void {
  if (!(failure.error instanceof Refusal)) {
    const reason = failure.error instanceof Error ? failure.error.stack : String(failure.error)
    parts.log.error({ request_id: failure.requestId, reason }, 'request failed by a bug')
  }
  if (response.destroyed || response.headersSent) return
  const shaped = parts.shapeError(failure.error, failure.requestId)
  // What is still on its way of a refused body is not read: the connection cannot be used again.
  const connection = request.complete ? {} : { connection: 'close' }
  response.writeHead(shaped.status, {
    ...shaped.headers,
    ...connection,
    'x-request-id': failure.requestId,
    'x-content-type-options': 'nosniff',
    'content-length': Buffer.byteLength(shaped.body),
  })
  if (request.complete) response.end(shaped.body)
  else {
    response.write(shaped.body)
    endSoon(request, response)
  }
}

/**
 * Many clients read no answer before their upload is through, and lose it when the connection is
 * reset under them: the rest is drained unread, for a moment, and only then is the answer over.
 */
function endSoon(request: IncomingMessage, response: ServerResponse): void {
  const end = (): void => {
    clearTimeout(timer)
    if (!response.destroyed) response.end()
  }
  const timer = setTimeout(end, LINGER_MS)
  request.once('close', end).once('end', end).resume()
}
