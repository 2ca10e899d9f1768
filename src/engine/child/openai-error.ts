import { type ErrorKind, Refusal } from '../../kernel/index.ts'

export interface DialectError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: {
    readonly error: {
      readonly message: string
      readonly type: string
      readonly param: string | null
      readonly code: string | null
    }
  }
}

const statusOf: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  too_large: 413,
  unsupported_media: 415,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  exhausted: 429,
  upstream: 502,
  upstream_timeout: 504,
  unavailable: 503,
  internal: 500,
}

/** Where OpenAI has a word of its own for what happened, clients look for that word. */
const dialectCodes: Readonly<Record<string, { type: string; code: string | null }>> = {
  engine_request_invalid: { type: 'invalid_request_error', code: null },
  engine_request_too_large: { type: 'invalid_request_error', code: 'request_too_large' },
  engine_context_exceeded: { type: 'invalid_request_error', code: 'context_length_exceeded' },
  engine_model_unknown: { type: 'invalid_request_error', code: 'model_not_found' },
  engine_route_unknown: { type: 'invalid_request_error', code: 'unknown_url' },
  engine_busy: { type: 'engine_busy', code: 'rate_limit_exceeded' },
}

function refusalToError(refusal: Refusal): DialectError {
  const isFileError = refusal.code.startsWith('engine_file_')
  const status = isFileError ? 503 : statusOf[refusal.kind]
  const { type, code } = dialectCodes[refusal.code] ?? { type: 'server_error', code: refusal.code }
  const headers: Record<string, string> = {}
  if (!refusal.isRetryable) headers['x-should-retry'] = 'false'
  if (refusal.retryAfterSeconds !== undefined)
    headers['retry-after'] = String(refusal.retryAfterSeconds)
  const error = { message: refusal.message, type, param: refusal.param ?? null, code }
  return { status, headers, body: { error } }
}

/** Any failure in OpenAI's shape. What is no refusal is an internal error without details. */
export function toOpenAiError(error: unknown): DialectError {
  if (error instanceof Refusal) return refusalToError(error)
  const message = 'The engine failed while it answered. Try again; the log has the reason.'
  return {
    status: 500,
    headers: {},
    body: {
      error: { message, type: 'server_error', param: null, code: 'engine_generation_failed' },
    },
  }
}
