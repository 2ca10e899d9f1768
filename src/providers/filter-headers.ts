import type { ResponseHeaders } from './types.ts'

/** RFC 9110 7.6.1: about one connection, so never sent on, in either direction. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The caller's secrets and what the connection itself decides: never sent to an upstream. */
const NOT_SENT_ON = new Set([
  ...HOP_BY_HOP,
  'accept-encoding',
  'api-key',
  'authorization',
  'content-length',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'x-api-key',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-goog-api-key',
  'x-real-ip',
])

/**
 * The headers to send to an upstream, names in lower case: what the caller gave without what must
 * not go on, JSON as the content type unless another is given, and the provider's own credential.
 */
export function requestHeaders(
  given: ResponseHeaders,
  authHeader: { readonly name: string; readonly value: string } | null,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (const name in given) {
    const value = given[name]
    if (value !== undefined && !NOT_SENT_ON.has(name)) headers[name] = value
  }
  headers['content-type'] ??= 'application/json'
  headers['accept-encoding'] = 'identity' // usage is read from the bytes as they pass
  if (authHeader !== null) headers[authHeader.name.toLowerCase()] = authHeader.value
  return headers
}

/** An upstream's headers without hop-by-hop ones and those its `connection` header names. */
export function responseHeaders(given: ResponseHeaders): ResponseHeaders {
  const named = namedByConnection(given.connection)
  const headers: Record<string, string | string[] | undefined> = {}
  for (const name in given) {
    if (HOP_BY_HOP.has(name) || named?.has(name) === true) continue
    headers[name] = given[name]
  }
  return headers
}

function namedByConnection(value: string | string[] | undefined): Set<string> | null {
  if (value === undefined || value === 'keep-alive' || value === 'close') return null
  const text = Array.isArray(value) ? value.join(',') : value
  return new Set(text.split(',').map((name) => name.trim().toLowerCase()))
}
