// edge: talks to requests and replies of fastify.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import { securityHeaders } from './security-headers.ts'
import { asRefusal, shapeError } from './shape-error.ts'
import type { Watch } from './watch.ts'

/** Answers a request with its error, in its route's dialect; a bug is logged here, once. */
export function sendError({
  error,
  request,
  reply,
  watch,
}: {
  readonly error: unknown
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly watch: Watch | null
}): FastifyReply {
  const refusal = asRefusal(translate(error))
  const isBug = refusal.kind === 'internal'
  watch?.failed(error, request, { code: refusal.code, isBug })
  const shaped = shapeError(refusal, { dialect: request.dialect, requestId: request.id })
  return reply
    .code(shaped.status)
    .headers(securityHeaders)
    .headers(shaped.headers)
    .send(shaped.body)
}

/** fastify's own errors in our words. */
function translate(error: unknown): unknown {
  if (error instanceof Refusal || !(error instanceof Error)) return error
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return refuse('http_body_too_large', 'Send a body of at most 1 MiB.')
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return refuse(
      'http_body_type_unsupported',
      'Send the body as JSON, with `content-type: application/json`.',
    )
  if (code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH' || code === 'ECONNRESET')
    return refuse('http_body_malformed', 'The body is not as long as its content-length says.')
  if (code === 'FST_ERR_BAD_URL')
    return refuse('http_request_malformed', 'The path is not well-formed. Check its % escapes.')
  const isTheirs = 'statusCode' in error && Number(error.statusCode) < 500
  if (code.startsWith('FST_ERR_') && isTheirs)
    return refuse('http_request_malformed', 'The request is not well-formed. Check its headers.')
  return error
}
