// edge: answers on sockets.
import type { ServerResponse } from 'node:http'
import { securityHeaders } from './security-headers.ts'
import { shapeError } from './shape-error.ts'

/** A refusal where a route writes to the socket itself, before it wrote anything. */
export function answerProblem(error: unknown, response: ServerResponse, requestId: string): void {
  if (response.headersSent || response.destroyed) return
  const { status, headers, body } = shapeError(error, { dialect: 'problem', requestId })
  response.writeHead(status, {
    ...securityHeaders,
    ...headers,
    'x-request-id': requestId,
    'x-content-type-options': 'nosniff',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}
