import type { ErrorKind } from '../kernel/index.ts'

/** The one table from what went wrong to HTTP's number for it. */
const byKind: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unsupported_media: 415,
  exhausted: 429,
  internal: 500,
  upstream: 502,
  unavailable: 503,
  upstream_timeout: 504,
}

/** Where HTTP has a number of its own for one thing of a kind. */
const byCode: Readonly<Record<string, number>> = {
  http_method_unknown: 405,
  http_request_timeout: 408,
  http_headers_too_large: 431,
  gateway_body_stalled: 408,
  gateway_loop: 508,
}

/** The status an error is answered with. */
export function statusOf(error: { readonly code: string; readonly kind: ErrorKind }): number {
  return byCode[error.code] ?? byKind[error.kind]
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  508: 'Loop Detected',
}

/** HTTP's own words for a status. */
export function titleOf(status: number): string {
  return titles[status] ?? 'Error'
}
