import { setTimeout as sleep } from 'node:timers/promises'
import {
  answerNormally,
  type Exchange,
  errorBody,
  SSE_HEADERS,
  sendJson,
  streamEvents,
} from './exchange.ts'

export type Mode = (exchange: Exchange) => void | Promise<void>

/**
 * Modes whose answer depends on how often or how long they were asked, or on numbers given with
 * them. Who shares a count says so by `key`: `acme/flaky-500?fails=2&key=mine`.
 */
export const changing: Record<string, Mode> = {
  /** `fails` times as the mode `as`, then as the mode `then`. */
  flaky: (exchange) => failing(exchange, exchange.options.get('as') ?? 'refuse-500'),
  'flaky-500': (exchange) => failing(exchange, 'refuse-500'),
  'flaky-503': (exchange) => failing(exchange, 'refuse-503'),
  'flaky-429': (exchange) => failing(exchange, 'busy'),
  'flaky-reset': (exchange) => failing(exchange, 'reset-before'),
  'flaky-stall': (exchange) => failing(exchange, 'stall-before'),
  'flaky-mid-answer': (exchange) => failing(exchange, 'reset-mid-answer'),
  /** For `for_ms` from the first call on as the mode `as`, then as `then`. */
  'dead-then-alive': (exchange) => {
    const isDead = exchange.sinceFirstMs < numberIn(exchange, 'for_ms', 200)
    const as = isDead ? (exchange.options.get('as') ?? 'reset-before') : thenOf(exchange)
    return exchange.playAs(as)
  },
  /** Refuses with `status`, saying `retry_after`, `retry_after_ms` or `retry_at_ms` (a date). */
  busy: (exchange) => {
    const { options } = exchange
    const headers: Record<string, string> = {}
    const after = options.get('retry_after')
    const afterMs = options.get('retry_after_ms')
    const atMs = options.get('retry_at_ms')
    if (after !== null) headers['retry-after'] = after
    if (afterMs !== null) headers['retry-after-ms'] = afterMs
    if (atMs !== null) headers['retry-after'] = new Date(Date.now() + Number(atMs)).toUTCString()
    const body = errorBody('Slow down.', 'requests', 'rate_limit_exceeded')
    sendJson(exchange.response, numberIn(exchange, 'status', 429), body, headers)
  },
  /** Headers at once, the first byte of the body after `body_ms`. */
  'slow-first-byte': async (exchange) => {
    const type = exchange.call.isStream ? SSE_HEADERS : { 'content-type': 'application/json' }
    exchange.response.writeHead(200, type).flushHeaders()
    await sleep(numberIn(exchange, 'body_ms', 200))
    if (exchange.isGone()) return
    if (exchange.call.isStream) return answerNormally(exchange)
    return streamEvents(exchange, [exchange.wholeText()])
  },
}

function failing(exchange: Exchange, as: string): void | Promise<void> {
  const fails = numberIn(exchange, 'fails', 1)
  return exchange.playAs(exchange.attempt <= fails ? as : thenOf(exchange))
}

function thenOf({ options }: Exchange): string {
  return options.get('then') ?? 'normal'
}

function numberIn({ options }: Exchange, name: string, usual: number): number {
  const given = options.get(name)
  return given === null ? usual : Number(given)
}
