import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Json, JsonObject } from '../../src/kernel/index.ts'
import {
  chunkOf,
  finishChunk,
  pieceChunk,
  streamedAnswer,
  usageChunk,
  wholeAnswer,
} from './answers.ts'
import {
  answerNormally,
  DONE,
  type Exchange,
  errorBody,
  eventOf,
  normalEvents,
  SSE_HEADERS,
  sendJson,
  streamEvents,
} from './exchange.ts'
import { changing, type Mode } from './modes-that-change.ts'

const forever = async (exchange: Exchange): Promise<void> => {
  while (!exchange.isGone()) await sleep(10)
}

/** Refuses before any answer, as services do. */
const refusals: Record<string, Mode> = {
  'refuse-400': refusal(400, errorBody('Bad temperature.', 'invalid_request_error', null)),
  'refuse-401': refusal(
    401,
    errorBody('Incorrect API key.', 'invalid_request_error', 'invalid_api_key'),
  ),
  'refuse-403': refusal(403, errorBody('Not allowed.', 'permission_error', null)),
  'refuse-404': refusal(
    404,
    errorBody('No such model.', 'invalid_request_error', 'model_not_found'),
  ),
  'refuse-429': refusal(429, errorBody('Slow down.', 'requests', 'rate_limit_exceeded')),
  'refuse-429-after': refusal(429, errorBody('Slow down.', 'requests', 'rate_limit_exceeded'), {
    'retry-after': '7',
    'x-ratelimit-remaining-requests': '0',
  }),
  'refuse-429-after-ms': refusal(429, errorBody('Slow down.', 'requests', 'rate_limit_exceeded'), {
    'retry-after-ms': '1500',
  }),
  'refuse-quota': refusal(
    429,
    errorBody('You have no credit.', 'insufficient_quota', 'insufficient_quota'),
  ),
  'refuse-500': refusal(500, errorBody('Something broke.', 'server_error', null)),
  'refuse-503': refusal(503, errorBody('Overloaded.', 'server_error', null), {
    'retry-after': '2',
  }),
  'refuse-empty': ({ response }) => void response.writeHead(500).end(),
  'html-502': ({ response }) =>
    void response
      .writeHead(502, { 'content-type': 'text/html' })
      .end('<html><body><h1>502 Bad Gateway</h1>nginx</body></html>'),
  'html-200': ({ response }) =>
    void response
      .writeHead(200, { 'content-type': 'text/html' })
      .end('<html><body>Please sign in.</body></html>'),
  redirect: ({ response }) =>
    void response.writeHead(307, { location: 'http://127.0.0.1:9/elsewhere' }).end(),
}

/** Breaks or stalls the connection. */
const broken: Record<string, Mode> = {
  'reset-before': ({ request }) => void request.socket.resetAndDestroy(),
  'reset-after-headers': async ({ request, response }) => {
    response.writeHead(200, SSE_HEADERS).flushHeaders()
    await sleep(10)
    request.socket.resetAndDestroy()
  },
  'reset-mid-answer': (exchange) =>
    partThen(exchange, () => void exchange.request.socket.resetAndDestroy()),
  'close-mid-answer': (exchange) =>
    partThen(exchange, () => void exchange.request.socket.destroy()),
  /** Everything but `[DONE]` arrives, then the connection dies. */
  'reset-before-done': async (exchange) => {
    await streamEvents(exchange, normalEvents(exchange.call).slice(0, -1), { isLeftOpen: true })
    await sleep(10)
    exchange.request.socket.resetAndDestroy()
  },
  'stall-before': forever,
  'stall-after-headers': async (exchange) => {
    exchange.response.writeHead(200, SSE_HEADERS).flushHeaders()
    await forever(exchange)
  },
  'stall-mid-answer': (exchange) => partThen(exchange, () => forever(exchange)),
  /** All of the answer with `[DONE]`, and then the connection stays open. */
  'stall-after-done': async (exchange) => {
    await streamEvents(exchange, normalEvents(exchange.call), { isLeftOpen: true })
    await forever(exchange)
  },
  'slow-headers': async (exchange) => {
    await sleep(200)
    await answerNormally(exchange)
  },
  'slow-drip': (exchange) => {
    const gapMs = Math.max(exchange.gapMs, 20)
    if (exchange.call.isStream) return answerNormally({ ...exchange, gapMs })
    return inSlices({ ...exchange, gapMs }, 16)
  },
  /** The answer has begun, but none of its content came: role or a comment alone. */
  'reset-after-role': (exchange) =>
    roleThen(exchange, () => void exchange.request.socket.resetAndDestroy()),
  'eof-after-role': (exchange) => streamEvents(exchange, roleEvents(exchange)),
  'stall-after-role': (exchange) => roleThen(exchange, () => forever(exchange)),
  'reset-after-comment': async (exchange) => {
    await streamEvents(exchange, [': PROCESSING\n\n'], { isLeftOpen: true })
    await sleep(10)
    exchange.request.socket.resetAndDestroy()
  },
  'bad-http': ({ request }) => void request.socket.write('this is not HTTP at all\r\n\r\n'),
  /** Promises more bytes than it sends. */
  'short-body': async ({ call, request, response }) => {
    const text = JSON.stringify(wholeAnswer(call))
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text) + 100),
    })
    response.write(text)
    await sleep(10)
    request.socket.destroy()
  },
  'early-hints': async (exchange) => {
    exchange.response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' })
    await sleep(10)
    await answerNormally(exchange)
  },
}

/** Says that it failed after it had said 200. */
const lateErrors: Record<string, Mode> = {
  'error-first': (exchange) => {
    const body = errorBody('The model is overloaded.', 'server_error', 'overloaded')
    if (!exchange.call.isStream) return sendJson(exchange.response, 200, body)
    return streamEvents(exchange, [eventOf(body), DONE])
  },
  'error-mid-answer': (exchange) => {
    const body = errorBody('The model fell over.', 'server_error', null)
    if (!exchange.call.isStream) return sendJson(exchange.response, 500, body)
    return streamEvents(exchange, [...firstEvents(exchange), eventOf(body)])
  },
  'error-after-role': (exchange) => {
    const body = errorBody('The model fell over.', 'server_error', null)
    if (!exchange.call.isStream) return sendJson(exchange.response, 500, body)
    return streamEvents(exchange, [...roleEvents(exchange), eventOf(body)])
  },
  /** Ends cleanly in the middle: no finish reason, no usage, no `[DONE]`. */
  'eof-mid-answer': (exchange) => streamEvents(exchange, firstEvents(exchange)),
  'no-done': (exchange) => streamEvents(exchange, normalEvents(exchange.call).slice(0, -1)),
  'empty-stream': (exchange) => streamEvents(exchange, []),
}

/** Shapes of the bytes: all of these are good answers. */
const framings: Record<string, Mode> = {
  'split-utf8': (exchange) => inSlices(exchange, 7),
  'split-bytes': (exchange) => inSlices(exchange, 1),
  'one-chunk': (exchange) => streamEvents(exchange, [normalEvents(exchange.call).join('')]),
  crlf: (exchange) =>
    streamEvents(
      exchange,
      normalEvents(exchange.call).map((event) => event.replaceAll('\n', '\r\n')),
    ),
  'no-space': (exchange) =>
    streamEvents(
      exchange,
      normalEvents(exchange.call).map((event) => event.replace('data: ', 'data:')),
    ),
  comments: (exchange) =>
    streamEvents(
      exchange,
      normalEvents(exchange.call).flatMap((event) => [': PROCESSING\n\n', event]),
    ),
  'event-names': (exchange) =>
    streamEvents(
      exchange,
      normalEvents(exchange.call).map((event, i) => `event: message\nid: ${i}\n${event}`),
    ),
  'done-split': (exchange) =>
    streamEvents({ ...exchange, gapMs: Math.max(exchange.gapMs, 5) }, [
      ...normalEvents(exchange.call).slice(0, -1),
      'data: [DO',
      'NE]\n',
      '\n',
    ]),
  'done-bare': (exchange) =>
    streamEvents(exchange, [...normalEvents(exchange.call).slice(0, -1), 'data: [DONE]']),
  'giant-line': (exchange) => {
    const { call } = exchange
    const giant = pieceChunk(call, 0, 'x'.repeat(5 * 1024 * 1024))
    if (!call.isStream) {
      return sendJson(exchange.response, 200, {
        ...wholeAnswer(call),
        padding: 'x'.repeat(5 * 1024 * 1024),
      })
    }
    return streamEvents(exchange, [eventOf(giant), ...normalEvents(call)])
  },
  /** Compresses although it was told not to. */
  'encoding-unknown': ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'foo' })
    response.end('{}')
  },
  'encoding-broken': ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
    response.end(gzipSync('{"choices":[]}').subarray(0, 12))
  },
  gzip: ({ call, response }) => {
    const text = call.isStream ? normalEvents(call).join('') : JSON.stringify(wholeAnswer(call))
    response.writeHead(200, {
      'content-type': call.isStream ? 'text/event-stream' : 'application/json',
      'content-encoding': 'gzip',
    })
    response.end(gzipSync(text))
  },
}

/** Ways to tell usage, or not to. */
const usages: Record<string, Mode> = {
  'usage-null': (exchange) => withUsage(exchange, null),
  'usage-absent': (exchange) => withUsage(exchange, undefined),
  'usage-garbage': (exchange) =>
    withUsage(exchange, { prompt_tokens: 'many', completion_tokens: -1 }),
  /** With cached and reasoning tokens, as the larger services tell it. */
  'usage-detailed': (exchange) =>
    withUsage(exchange, {
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 60, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 20, accepted_prediction_tokens: 0 },
    }),
  /** In the chunk with the finish reason, asked or not (Mistral). */
  'usage-in-finish': (exchange) => {
    const { call } = exchange
    if (!call.isStream) return answerNormally(exchange)
    const chunks = streamedAnswer(call)
    const last = chunks.pop() ?? {}
    return streamEvents(exchange, [
      ...chunks.map(eventOf),
      eventOf({ ...last, usage: call.usage }),
      DONE,
    ])
  },
  /** A running total in every chunk (xAI, vLLM's continuous usage). */
  'usage-running': (exchange) => {
    const { call } = exchange
    if (!call.isStream) return answerNormally(exchange)
    const chunks = streamedAnswer(call).map((chunk, i) => ({
      ...chunk,
      usage: { ...call.usage, completion_tokens: i },
    }))
    return streamEvents(exchange, [...chunks.map(eventOf), eventOf(usageChunk(call)), DONE])
  },
  /** A while after the finish reason. */
  'usage-late': async (exchange) => {
    const { call } = exchange
    if (!call.isStream) return answerNormally(exchange)
    await streamEvents(exchange, streamedAnswer(call).map(eventOf), { isLeftOpen: true })
    await sleep(150)
    await streamEvents(exchange, [eventOf(usageChunk(call)), DONE])
  },
}

/** Contents beyond plain text. */
const contents: Record<string, Mode> = {
  'same-id': (exchange) => {
    const call = { ...exchange.call, id: 'chatcmpl-same' }
    return answerNormally({ ...exchange, call })
  },
  'unknown-fields': (exchange) => {
    const extra: JsonObject = {
      x_new: { deep: [1, null, 'é', 1e21, 0.1] },
      service_tier: 'default',
    }
    return withChunks(exchange, (chunk) => ({ ...chunk, ...extra }), extra)
  },
  logprobs: (exchange) => {
    const entry = { token: 'Hello', logprob: -0.25, bytes: [72], top_logprobs: [] }
    const { call } = exchange
    if (!call.isStream)
      return withWhole(exchange, { logprobs: { content: [entry], refusal: null } })
    const chunks = call.pieces.map((piece) =>
      chunkOf(call, { index: 0, delta: { content: piece }, logprobs: { content: [entry] } }),
    )
    return streamEvents(exchange, [...chunks.map(eventOf), ...ending(exchange, 'stop')])
  },
  reasoning: (exchange) => {
    const { call } = exchange
    if (!call.isStream) {
      const message = { role: 'assistant', content: 'Four.', reasoning_content: 'Two and two.' }
      return withWhole(exchange, { message })
    }
    const thoughts = ['Two', ' and', ' two.'].map((text) =>
      chunkOf(call, { index: 0, delta: { reasoning_content: text } }),
    )
    const answer = pieceChunk(call, 0, 'Four.')
    return streamEvents(
      exchange,
      [...thoughts, answer].map(eventOf).concat(ending(exchange, 'stop')),
    )
  },
  'tool-calls': toolCalls,
}

/** Every mode by its name. A model is asked for by it: `acme/reset-mid-answer`. */
export const MODES: Readonly<Record<string, Mode>> = {
  normal: answerNormally,
  ...refusals,
  ...broken,
  ...lateErrors,
  ...framings,
  ...usages,
  ...contents,
  ...changing,
}

function refusal(status: number, body: JsonObject, headers: Record<string, string> = {}): Mode {
  return ({ response }) => sendJson(response, status, body, headers)
}

/** What comes before any content: the chat's role; nothing where there is none. */
function roleEvents(exchange: Exchange): string[] {
  const { call } = exchange
  return streamedAnswer(call)
    .slice(0, call.operation === 'chat' ? call.choiceCount : 0)
    .map(eventOf)
}

async function roleThen(exchange: Exchange, next: () => void | Promise<void>): Promise<void> {
  await streamEvents(exchange, roleEvents(exchange), { isLeftOpen: true })
  await sleep(10)
  await next()
}

/** Role and the first three pieces. */
function firstEvents(exchange: Exchange): string[] {
  return streamedAnswer(exchange.call).slice(0, 4).map(eventOf)
}

async function partThen(exchange: Exchange, next: () => void | Promise<void>): Promise<void> {
  const { call, response } = exchange
  if (call.isStream) await streamEvents(exchange, firstEvents(exchange), { isLeftOpen: true })
  else {
    const text = JSON.stringify(wholeAnswer(call))
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
    })
    response.write(text.slice(0, 40))
  }
  await sleep(20)
  await next()
}

/** The normal bytes, cut every `size` bytes: in the middle of characters and of lines. */
async function inSlices(exchange: Exchange, size: number): Promise<void> {
  const { call, response } = exchange
  const text = call.isStream ? normalEvents(call).join('') : JSON.stringify(wholeAnswer(call))
  const bytes = Buffer.from(text)
  const slices: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size) slices.push(bytes.subarray(at, at + size))
  if (!call.isStream) response.writeHead(200, { 'content-type': 'application/json' })
  await streamEvents(exchange, slices)
}

/** `usage`: undefined leaves the field out everywhere, null says null everywhere. */
function withUsage(exchange: Exchange, usage: Json | undefined): void | Promise<void> {
  const { call, response } = exchange
  const { usage: _told, ...whole } = wholeAnswer(call)
  if (!call.isStream)
    return sendJson(response, 200, usage === undefined ? whole : { ...whole, usage })
  const chunks = streamedAnswer(call)
  if (usage === undefined) return streamEvents(exchange, [...chunks.map(eventOf), DONE])
  const told = chunks.map((chunk) => eventOf({ ...chunk, usage: null }))
  return streamEvents(
    exchange,
    usage === null ? [...told, DONE] : [...told, eventOf(usageChunk(call, usage)), DONE],
  )
}

function withChunks(
  exchange: Exchange,
  change: (chunk: JsonObject) => JsonObject,
  extra: JsonObject,
): void | Promise<void> {
  const { call, response } = exchange
  if (!call.isStream) return sendJson(response, 200, { ...wholeAnswer(call), ...extra })
  const chunks = streamedAnswer(call).map(change)
  const usage = call.wantsUsage ? [eventOf(change(usageChunk(call)))] : []
  return streamEvents(exchange, [...chunks.map(eventOf), ...usage, DONE])
}

/** A whole answer whose only choice has these fields besides. */
function withWhole(exchange: Exchange, fields: JsonObject): void {
  const whole = wholeAnswer(exchange.call)
  const choice: JsonObject = {
    index: 0,
    message: { role: 'assistant', content: exchange.call.pieces.join('') },
    finish_reason: 'stop',
    ...fields,
  }
  sendJson(exchange.response, 200, { ...whole, choices: [choice] })
}

function ending(exchange: Exchange, reason: string): string[] {
  const { call } = exchange
  const usage = call.wantsUsage ? [eventOf(usageChunk(call))] : []
  return [eventOf(finishChunk(call, 0, reason)), ...usage, DONE]
}

/** Two calls whose arguments arrive in turns: the order 0, 1, 0, 1. */
function toolCalls(exchange: Exchange): void | Promise<void> {
  const { call } = exchange
  const name = (index: number, id: string, tool: string): JsonObject => ({
    index,
    id,
    type: 'function',
    function: { name: tool, arguments: '' },
  })
  const more = (index: number, text: string): JsonObject => ({
    index,
    function: { arguments: text },
  })
  if (!call.isStream) {
    const whole = (id: string, tool: string, text: string): JsonObject => ({
      id,
      type: 'function',
      function: { name: tool, arguments: text },
    })
    const calls = [whole('call_a', 'weather', '{"city":"Köln"}'), whole('call_b', 'time', '{}')]
    const message = { role: 'assistant', content: null, tool_calls: calls }
    return withWhole(exchange, { message, finish_reason: 'tool_calls' })
  }
  const deltas = [
    name(0, 'call_a', 'weather'),
    name(1, 'call_b', 'time'),
    more(0, '{"city":'),
    more(1, '{'),
    more(0, '"Köln"}'),
    more(1, '}'),
  ]
  const chunks = deltas.map((delta) => chunkOf(call, { index: 0, delta: { tool_calls: [delta] } }))
  return streamEvents(exchange, [...chunks.map(eventOf), ...ending(exchange, 'tool_calls')])
}
