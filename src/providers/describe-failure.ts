import { Refusal } from '../kernel/index.ts'
import { refuseProvider } from './errors.ts'

const TIMEOUTS: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'The provider accepted no connection in time.',
  ETIMEDOUT: 'The provider accepted no connection in time.',
  UND_ERR_HEADERS_TIMEOUT: 'The provider began no answer in time.',
  UND_ERR_BODY_TIMEOUT: 'The provider fell silent in the middle of its answer.',
}
const UNREACHABLE = new Set([
  'EACCES',
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'EAI_FAIL',
  'ECONNREFUSED',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'ENOTSOCK',
])
const BAD_RESPONSE = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
  'UND_ERR_HTTP_PARSER',
])

/**
 * A transport error as a refusal with a code of the catalogue. The message names no address, as
 * it reaches people who may use a model without knowing where it runs; `cause` has everything.
 */
export function describeFailure(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  const code = codeOf(error)
  const options = { cause: withoutBody(error, code) }
  const timeout = TIMEOUTS[code]
  if (timeout !== undefined) return refuseProvider('providers_timeout', timeout, options)
  if (UNREACHABLE.has(code)) {
    return refuseProvider(
      'providers_unreachable',
      'No connection to the provider: check that it runs and that its address is right.',
      options,
    )
  }
  if (code.startsWith('HPE_') || BAD_RESPONSE.has(code)) {
    return refuseProvider(
      'providers_bad_response',
      'The provider does not answer in valid HTTP: check its address.',
      options,
    )
  }
  if (code === 'UND_ERR_CLOSED' || code === 'UND_ERR_DESTROYED') {
    return refuseProvider(
      'providers_closed',
      'The market is closing and sends nothing more to providers.',
      options,
    )
  }
  if (isCertificateError(code)) {
    return refuseProvider(
      'providers_unreachable',
      'The provider shows a certificate that this machine does not trust.',
      options,
    )
  }
  return refuseProvider(
    'providers_connection_lost',
    'The provider closed the connection before its answer was complete.',
    options,
  )
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  if (!(error instanceof Error)) return ''
  if (error.name === 'HTTPParserError') return 'UND_ERR_HTTP_PARSER' // its own code may be absent
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** A parser's error carries the bytes it stumbled over, which must not reach a log. */
function withoutBody(error: unknown, code: string): unknown {
  return code === 'UND_ERR_HTTP_PARSER' && error instanceof Error ? new Error(error.message) : error
}

function isCertificateError(code: string): boolean {
  return (
    code.startsWith('ERR_TLS') ||
    code.startsWith('ERR_SSL') ||
    code.startsWith('CERT_') ||
    code.startsWith('UNABLE_TO_') ||
    code.includes('SELF_SIGNED')
  )
}
