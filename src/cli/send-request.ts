import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { Readable } from 'node:stream'

export interface OutgoingRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal
  /** Longest silence, before the answer and within it; absent: as long as it takes. */
  readonly silenceLimitMs?: number
}

/** Whoever was asked said nothing for longer than was allowed. */
export class SilenceError extends Error {
  readonly limitMs: number

  constructor(limitMs: number) {
    super(`it said nothing for ${limitMs / 1_000} s`)
    this.limitMs = limitMs
  }
}

/**
 * Like `fetch`, but it waits as long as it is told to: a large file is read, or a slow model
 * thinks, for longer than the five minutes that fetch allows. Redirects are not followed, so that
 * a key goes to no other address than the one it was meant for.
 */
export function sendRequest(url: string, outgoing: OutgoingRequest): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  const { method, headers, body, signal, silenceLimitMs } = outgoing
  const request = url.startsWith('https:') ? requestHttps : requestHttp
  const options = { method, headers, ...(signal === undefined ? {} : { signal }) }
  let answer: IncomingMessage | null = null
  const call = request(url, options, (incoming) => {
    answer = incoming
    resolve(responseOf(incoming))
  })
  call.on('error', reject)
  if (silenceLimitMs !== undefined)
    call.setTimeout(silenceLimitMs, () => {
      const silence = new SilenceError(silenceLimitMs)
      if (answer === null) call.destroy(silence)
      else answer.destroy(silence)
    })
  call.end(body)
  return promise
}

function responseOf(incoming: IncomingMessage): Response {
  const status = incoming.statusCode ?? 500
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers))
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  const hasBody = ![204, 205, 304].includes(status)
  const body = hasBody ? (Readable.toWeb(incoming) as ReadableStream<Uint8Array>) : null
  if (!hasBody) incoming.resume()
  return new Response(body, { status, headers })
}
