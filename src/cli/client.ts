import { isJsonObject, type Json, type JsonObject, parseJson } from '../kernel/index.ts'
import { Failure } from './failure.ts'
import type { MarketAddress } from './find-market.ts'
import { SilenceError, sendRequest } from './send-request.ts'
import { BAIMO } from './words.ts'

export interface CallOptions {
  readonly body?: JsonObject
  readonly signal?: AbortSignal
  /**
   * Whether the market may be silent for as long as it takes, as it waits itself: for a model, a
   * provider, a large file.
   */
  readonly mayTakeLong?: boolean
}

/** A market that is well answers in milliseconds; this is for one that is very busy. */
const SILENCE_LIMIT_MS = 10_000

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

interface Listed<Item> {
  readonly data: readonly Item[]
  readonly next_cursor?: string | null
}

/**
 * Talks to a running market. The shapes of its answers are its API's; a refusal, and a market that
 * does not answer, become a Failure with what to do next.
 */
export class MarketClient {
  readonly address: MarketAddress
  readonly #silenceLimitMs: number

  constructor(address: MarketAddress, silenceLimitMs = SILENCE_LIMIT_MS) {
    this.address = address
    this.#silenceLimitMs = silenceLimitMs
  }

  get<Answer>(path: string, options: CallOptions = {}): Promise<Answer> {
    return this.call<Answer>('GET', path, options)
  }

  /** All items of a list, page after page. */
  async list<Item>(path: string): Promise<Item[]> {
    const items: Item[] = []
    let cursor: string | null = null
    do {
      const query: string = cursor === null ? '' : `?cursor=${encodeURIComponent(cursor)}`
      const page: Listed<Item> | undefined = await this.get(`${path}${query}`)
      if (!Array.isArray(page?.data)) throw this.noMarket(`it answered ${path} with no list`)
      items.push(...page.data)
      cursor = page.next_cursor ?? null
    } while (cursor !== null)
    return items
  }

  /** The JSON of a good answer; undefined where there is no body. */
  async call<Answer>(method: Method, path: string, options: CallOptions = {}): Promise<Answer> {
    const response = await this.send(method, path, options)
    const text = await this.read(response)
    if (text === '') return undefined as Answer
    const json = parseJson(text)
    if (json === undefined) throw this.noMarket(`it answered ${path} with something else than JSON`)
    return json as Answer
  }

  /** The response as it comes, once it is a good one. */
  async send(method: Method, path: string, options: CallOptions = {}): Promise<Response> {
    const { key } = this.address
    const { body, signal, mayTakeLong = false } = options
    const response = await this.#guard(
      () =>
        sendRequest(`${this.address.url}${path}`, {
          method,
          headers: {
            accept: 'application/json, text/event-stream',
            ...(key === null ? {} : { authorization: `Bearer ${key}` }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          ...(signal === undefined ? {} : { signal }),
          ...(mayTakeLong ? {} : { silenceLimitMs: this.#silenceLimitMs }),
        }),
      signal,
    )
    if (response.ok) return response
    throw this.#refusal(response, await this.read(response))
  }

  /** The whole body of a response, as text. */
  read(response: Response, signal?: AbortSignal): Promise<string> {
    return this.#guard(() => response.text(), signal)
  }

  async #guard<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await work()
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof SilenceError) throw this.#silent(error)
      throw this.noMarket(reasonOf(error), error)
    }
  }

  #silent(error: SilenceError): Failure {
    const { url, urlSource } = this.address
    const advice =
      urlSource === 'BAIMO_URL'
        ? 'Ask whoever runs it, or correct BAIMO_URL'
        : `It hangs or has far too much to do: try again, or stop its process and run "${BAIMO} start"`
    return new Failure(
      `${url} takes connections and does not answer (nothing came for ${error.limitMs / 1_000} s). ${advice}.`,
      { facts: { code: 'cli_market_silent', url }, cause: error },
    )
  }

  /** What is there is no market, or nothing is: for the reason that is given. */
  noMarket(reason: string, cause?: unknown): Failure {
    const { url, urlSource } = this.address
    const advice =
      urlSource === 'BAIMO_URL' ? 'Start it there, or correct BAIMO_URL' : `Run "${BAIMO} start"`
    return new Failure(`No market answers at ${url} (${reason}). ${advice}.`, {
      facts: { code: 'cli_market_unreachable', url },
      cause,
    })
  }

  #refusal(response: Response, text: string): Failure {
    const body = parseJson(text)
    const problem = readProblem(body, response)
    const { key, keySource } = this.address
    const origin = key === null ? `No key is in ${keySource}.` : `The key came from ${keySource}.`
    const message = response.status === 401 ? `${problem.message} ${origin}` : problem.message
    return new Failure(message, { facts: problem.facts })
  }
}

/** The message and the facts of a refusal, in either of the API's two shapes. */
export function readProblem(
  body: Json | undefined,
  response: Pick<Response, 'status' | 'headers'>,
): { message: string; facts: JsonObject } {
  const requestId = response.headers.get('x-request-id')
  const listingId = response.headers.get('x-baimo-listing')
  const waitSeconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  const base = {
    status: response.status,
    ...(requestId === null ? {} : { request_id: requestId }),
    ...(listingId === null ? {} : { listing_id: listingId }),
    ...(Number.isFinite(waitSeconds) ? { retry_after_seconds: waitSeconds } : {}),
  }
  const error = isJsonObject(body) && isJsonObject(body.error) ? body.error : body
  if (!isJsonObject(error)) {
    const message = `The answer (${response.status}) is none that a market gives. Check that the address is a market’s, or see its log.`
    return { message, facts: { code: 'cli_answer_unreadable', ...base } }
  }
  const message = error.detail ?? error.message ?? error.title
  return {
    message: typeof message === 'string' ? message : `The market answered ${response.status}.`,
    facts: { ...error, ...base },
  }
}

/** The innermost reason of a failed fetch, in a few words. */
export function reasonOf(error: unknown): string {
  let reason: unknown = error
  while (reason instanceof Error && reason.cause instanceof Error) reason = reason.cause
  if (!(reason instanceof Error)) return String(reason)
  if (reason instanceof AggregateError) return reasonOf(reason.errors[0])
  return 'code' in reason && typeof reason.code === 'string' && reason.message === ''
    ? reason.code
    : reason.message
}
