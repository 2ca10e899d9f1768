import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Json, JsonObject } from '../../src/kernel/index.ts'
import { type Call, streamedAnswer, usageChunk, wholeAnswer } from './answers.ts'

/** One request while a mode answers it. */
export interface Exchange {
  readonly call: Call
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Pause between two events of a stream. */
  readonly gapMs: number
  /** What stood behind the mode's name: `acme/busy?retry_after=3`. */
  readonly options: URLSearchParams
  /** Which call this is of those with the same `key` (else of the same model's name), from 1. */
  readonly attempt: number
  /** Since the first of them. */
  readonly sinceFirstMs: number
  /** The body of an answer that is not streamed. */
  wholeText(): string
  /** Answers as another mode does. */
  playAs(mode: string): void | Promise<void>
  /** Whether the other side has gone away. */
  isGone(): boolean
}

export const SSE_HEADERS = { 'content-type': 'text/event-stream; charset=utf-8' }

/** Answers as asked: streamed or whole, with usage where it was asked for. */
export async function answerNormally(exchange: Exchange): Promise<void> {
  const { call, response } = exchange
  if (!call.isStream) {
    sendJson(response, 200, wholeAnswer(call))
    return
  }
  await streamEvents(exchange, normalEvents(call))
}

/** The events of an ordinary stream, `[DONE]` last. */
export function normalEvents(call: Call): string[] {
  const chunks = streamedAnswer(call)
  if (!call.wantsUsage) return [...chunks.map(eventOf), DONE]
  return [
    ...chunks.map((chunk) => eventOf({ ...chunk, usage: null })),
    eventOf(usageChunk(call)),
    DONE,
  ]
}

export const DONE = 'data: [DONE]\n\n'

export function eventOf(value: Json): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

/** Writes a stream's head and these events, and ends it unless told to leave it open. */
export async function streamEvents(
  exchange: Exchange,
  events: readonly (string | Buffer)[],
  options: { readonly isLeftOpen?: boolean } = {},
): Promise<void> {
  const { response } = exchange
  if (!response.headersSent) response.writeHead(200, SSE_HEADERS)
  for (const event of events) {
    if (exchange.isGone()) return
    response.write(event)
    // Even without a pause each event is its own chunk on the wire.
    await (exchange.gapMs > 0 ? sleep(exchange.gapMs) : new Promise(setImmediate))
  }
  if (options.isLeftOpen !== true) response.end()
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: JsonObject,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
    'x-request-id': 'req-upstream',
    ...headers,
  })
  response.end(text)
}

/** An error in the dialect's shape. */
export function errorBody(message: string, type: string, code: string | null = null): JsonObject {
  return { error: { message, type, param: null, code } }
}
