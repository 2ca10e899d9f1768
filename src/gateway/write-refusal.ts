// edge: answers a request that is not dispatched, by its timer.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Refusal } from '../kernel/index.ts'
import type { GatewayParts } from './types.ts'

/** How long the rest of a refused upload is drained. */
const LINGER_MS = 1_000

/** The error for a request of which nothing was sent to a provider. A bug is logged. */
export function writeRefusal(
  parts: Pick<GatewayParts, 'log' | 'shapeError'>,
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
