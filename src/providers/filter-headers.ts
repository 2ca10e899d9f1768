import type { Endpoint } from '../catalog/index.ts'
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

/**
 * `requestHeaders` as one list of names and values, worked out once for an endpoint and an object
 * of headers: nearly all requests to an endpoint give the same object.
 */
export function openHeaderMemory(): (
  given: ResponseHeaders,
  endpoint: Endpoint,
) => readonly string[] {
  const known = new WeakMap<Endpoint, Prepared[]>()
  return (given, endpoint) => {
    const prepared = known.get(endpoint) ?? []
    for (const one of prepared) if (one.given === given) return one.list
    const list = Object.entries(requestHeaders(given, endpoint.authHeader)).flatMap(
      ([name, value]) => [value].flat().flatMap((single) => [name, single]),
    )
    known.set(endpoint, [{ given, list }, ...prepared.slice(0, PREPARED - 1)])
    return list
  }
}

interface Prepared {
  readonly given: ResponseHeaders
  readonly list: readonly string[]
}

/** Kept for each endpoint: those of whole answers and of streams. */
const PREPARED = 2

/**
 * An upstream's headers without those that its `connection` header names besides itself. What is
 * about the connection stays in where it names nothing: copying all would cost more than anything
 * else that is done with them, and who passes headers on picks the few that may pass.
 */
export function withoutNamed(given: ResponseHeaders): ResponseHeaders {
  return namedByConnection(given.connection) === null ? given : responseHeaders(given)
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
