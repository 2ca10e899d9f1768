// edge: reads from sockets, by a timer.
import type { IncomingMessage } from 'node:http'

/** How long the rest of a refused body may take to arrive. */
const LINGER_MS = 1_000

/** Reads a body that nobody wants; resolves at its end, when the client is gone, or in a second. */
export function untilRead(request: IncomingMessage): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, LINGER_MS)
  request.once('end', resolve).once('close', resolve).resume()
  return promise.finally(() => clearTimeout(timer))
}
