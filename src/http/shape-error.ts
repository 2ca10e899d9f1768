import { type ErrorKind, Refusal } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import { statusOf, titleOf } from './status-of.ts'

export type Dialect = 'problem' | 'openai'

/** An error as one dialect shows it: the whole answer. `body` is JSON text. */
export interface ShapedError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The refusal that an error is shown as: itself, or for a bug one that tells nothing of it. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  return refuse('http_internal', 'Baimo failed. Its log holds the reason under the request id.')
}

/** An error as its route's dialect shows it. */
export function shapeError(
  error: unknown,
  to: { dialect: Dialect; requestId: string },
): ShapedError {
  const refusal = asRefusal(error)
  return to.dialect === 'openai' ? shapeForOpenai(refusal) : shapeAsProblem(refusal, to.requestId)
}

/** For the relay, which writes its own errors: the shape that clients of OpenAI know. */
export function shapeOpenaiError(error: unknown, requestId: string): ShapedError {
  return shapeError(error, { dialect: 'openai', requestId })
}

/** A problem document (RFC 9457) with a stable code. */
function shapeAsProblem(refusal: Refusal, requestId: string): ShapedError {
  const status = statusOf(refusal)
  return {
    status,
    headers: headersOf(refusal, 'application/problem+json'),
    body: JSON.stringify({
      type: 'about:blank',
      title: titleOf(status),
      status,
      detail: refusal.message,
      code: refusal.code,
      ...(refusal.param === undefined ? {} : { param: refusal.param }),
      ...(refusal.details === undefined ? {} : { details: refusal.details }),
      request_id: requestId,
    }),
  }
}

function shapeForOpenai(refusal: Refusal): ShapedError {
  const code = openaiCodes[refusal.code] ?? refusal.code
  return {
    status: statusOf(refusal),
    headers: headersOf(refusal, 'application/json'),
    body: JSON.stringify({
      error: {
        message: refusal.message,
        type: openaiTypes[refusal.kind],
        param: refusal.param ?? null,
        code,
        ...(refusal.details === undefined ? {} : { details: refusal.details }),
      },
    }),
  }
}

/** Codes that clients of OpenAI look for; every other error keeps its own. */
const openaiCodes: Readonly<Record<string, string>> = {
  catalog_model_off: 'model_not_found',
  catalog_model_unknown: 'model_not_found',
  gateway_model_unknown: 'model_not_found',
  gateway_model_not_live: 'model_not_found',
  limits_concurrency_exceeded: 'rate_limit_exceeded',
  limits_exceeded: 'rate_limit_exceeded',
  limits_request_too_large: 'rate_limit_exceeded',
}

const openaiTypes: Readonly<Record<ErrorKind, string>> = {
  invalid: 'invalid_request_error',
  too_large: 'invalid_request_error',
  unsupported_media: 'invalid_request_error',
  unauthenticated: 'invalid_request_error',
  forbidden: 'invalid_request_error',
  not_found: 'invalid_request_error',
  conflict: 'invalid_request_error',
  exhausted: 'rate_limit_error',
  upstream: 'server_error',
  upstream_timeout: 'server_error',
  unavailable: 'server_error',
  internal: 'server_error',
}

function headersOf(refusal: Refusal, type: string): Record<string, string> {
  return {
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'no-store',
    ...(refusal.kind === 'unauthenticated' ? { 'www-authenticate': 'Bearer realm="baimo"' } : {}),
    ...(refusal.retryAfterSeconds === undefined
      ? {}
      : { 'retry-after': String(Math.max(1, Math.ceil(refusal.retryAfterSeconds))) }),
    // Official clients retry some statuses by themselves; this stops them where it is in vain.
    ...(refusal.isRetryable ? {} : { 'x-should-retry': 'false' }),
    ...refusal.headers,
  }
}
