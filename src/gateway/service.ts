// edge: takes requests from their sockets and answers them.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestId } from '../kernel/index.ts'
import { Refusal } from '../kernel/index.ts'
import type { Operation } from '../metering/index.ts'
import type { Principal } from '../people/index.ts'
import { admitRequest } from './admit.ts'
import { openBodyBudget } from './body-budget.ts'
import { collectBody } from './collect-body.ts'
import { runExchange } from './exchange.ts'
import type { GatewayParts } from './types.ts'

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
}

/** The way of a request: body → admission → exchange. A dispatched one is recorded once. */
export function openGateway(parts: GatewayParts): Gateway {
  let runningCount = 0
  const bodies = openBodyBudget(parts.bodiesBytes ?? BODIES_BYTES)
  const leave = (): void => {
    runningCount -= 1
  }
  return {
    get runningCount() {
      return runningCount
    },
    relay: (operation, request, response, caller) => {
      if (response.destroyed) return // nobody is left to answer, and its close has been
      const share = bodies.open()
      response.once('close', share.release)
      const startedAtMs = parts.clock.nowMs()
      const arrivedMs = parts.clock.monotonicMs()
      collectBody(request, share.take, (body) => {
        try {
          if (body instanceof Error) throw body
          parts.mayDispatch()
          const bodyReadMs = parts.clock.monotonicMs()
          const admission = admitRequest(body, operation, (name) =>
            parts.resolve(name, caller.principal.models),
          )
          if (response.destroyed) return
          const requestId = caller.requestId as RequestId
          const { principal } = caller
          const times = { startedAtMs, arrivedMs, bodyReadMs }
          const admitted = { requestId, principal, operation, ...admission, ...times }
          runningCount += 1
          const ended = once(leave)
          try {
            runExchange(parts, admitted, response, ended)
          } catch (error) {
            ended()
            throw error
          }
        } catch (error) {
          parts.meters.refused(operation, error instanceof Refusal ? error.code : 'internal')
          writeRefusal(parts, request, response, { error, requestId: caller.requestId })
        }
      })
    },
  }
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
