// edge: takes requests from Node's server and answers those that are refused.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { assert, newId } from '../kernel/index.ts'
import type { RawRoute, Route } from '../people/index.ts'
import { answerExpectation, asksToContinue } from './answer-expectation.ts'
import type { Gate } from './gate.ts'
import { securityHeaders } from './security-headers.ts'
import { asRefusal, shapeError } from './shape-error.ts'
import type { Visit } from './types.ts'
import type { Watch } from './watch.ts'

/**
 * The short way to the routes that read and write the sockets themselves: past the framework,
 * whose routing, request objects and content types they have no use for, and which would cost them
 * as much as the rest of `http/`. The gate and the watch stand here too.
 *
 * Answers whether the request was one of theirs, asked for by its plain path. Any other spelling
 * goes the framework's way, and comes to the same route.
 */
export function createRawDoor(options: {
  readonly routes: readonly Route[]
  readonly gate: Gate
  readonly watch: Watch
}): (request: IncomingMessage, response: ServerResponse) => boolean {
  const { gate, watch } = options
  const raw = options.routes.filter((route): route is RawRoute => route.kind === 'raw')
  const byPath = new Map(raw.map((route) => [route.path, route]))

  return (request, response) => {
    const route = byPath.get(request.url ?? '')
    if (route === undefined || route.method !== request.method) return false
    const visit = visitOf(request, route)
    watch.begin(visit, response)
    gate(visit, response, (error) => {
      if (asksToContinue(visit)) answerExpectation(response, error)
      try {
        if (error !== undefined) throw error
        callRaw(route, visit, response)
      } catch (failure) {
        answerFailure(failure, visit, { response, watch })
      }
    })
    return true
  }
}

function visitOf(raw: IncomingMessage, route: RawRoute): Visit {
  const { headers, method = '' } = raw
  return { id: newId(), method, headers, raw, route, caller: null, dialect: route.dialect }
}

/** Hands the sockets over. From here on the answer is the route's own. */
export function callRaw(route: RawRoute, visit: Visit, response: ServerResponse): void {
  const { caller } = visit
  assert(caller !== null, 'http: a raw route is never open to anyone')
  route.handle(visit.raw, response, { principal: caller, requestId: visit.id })
}

function answerFailure(
  error: unknown,
  visit: Visit,
  { response, watch }: { readonly response: ServerResponse; readonly watch: Watch },
): void {
  const { code, kind } = asRefusal(error)
  watch.failed(error, visit, { code, isBug: kind === 'internal' })
  const shaped = shapeError(error, { dialect: visit.dialect, requestId: visit.id })
  if (response.destroyed || response.headersSent) return
  response.writeHead(shaped.status, {
    ...securityHeaders,
    ...shaped.headers,
    'x-request-id': visit.id,
    'x-content-type-options': 'nosniff',
    'content-length': Buffer.byteLength(shaped.body),
  })
  response.end(shaped.body)
}
