import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Endpoint } from '../../src/catalog/index.ts'
import {
  isJsonObject,
  type Json,
  type JsonObject,
  newId,
  parseJson,
} from '../../src/kernel/index.ts'
import { readCall, type ScriptedOperation, wholeAnswer } from './answers.ts'
import { type Exchange, errorBody, sendJson } from './exchange.ts'
import { MODES } from './modes.ts'

export { MODES } from './modes.ts'

/** One request that reached the upstream. */
export interface Hit {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
  /** Of the connection it came by, at its other end. */
  readonly port: number | undefined
  /** Undefined when the body is not JSON. */
  readonly json: Json | undefined
  readonly mode: string
  /** What it would bill; null when it is no call of a model. */
  readonly usage: JsonObject | null
  /** Whether the caller went away before the answer was complete. */
  isAborted: boolean
  /** Whether the whole answer was handed to the socket. */
  isAnswered: boolean
}

export interface ScriptedUpstreamOptions {
  /** The body of `GET /v1/models`; every mode as `acme/<mode>` when absent. */
  readonly modelList?: Json
  /** Listens on this socket instead of a port of 127.0.0.1. */
  readonly socketPath?: string
  /** Pieces of text in an answer; 8 when absent. */
  readonly pieceCount?: number
  /** Refuses calls without this key. */
  readonly key?: string
  /** Answers for paths outside `/v1`, such as `/api/version`. */
  readonly extra?: Readonly<Record<string, Json>>
}

export interface ScriptedUpstream {
  /** With `/v1`. */
  readonly baseUrl: string
  readonly hits: readonly Hit[]
  /** Hits of model calls alone. */
  calls(): readonly Hit[]
  endpoint(overrides?: Partial<Endpoint>): Endpoint
  /** How many calls of models were answered by a mode. */
  countOf(mode: string): number
  /** Connections are refused from now on, running ones are reset: as a server that died. */
  goAway(): Promise<void>
  /** Answers again, at the same address. */
  comeBack(): Promise<void>
  /** Resolves once the condition holds; rejects after two seconds. */
  waitFor(condition: (upstream: ScriptedUpstream) => boolean): Promise<void>
  forget(): void
  close(): Promise<void>
}

const OPERATIONS: Readonly<Record<string, ScriptedOperation>> = {
  '/v1/chat/completions': 'chat',
  '/v1/completions': 'completions',
  '/v1/embeddings': 'embeddings',
}

/**
 * A server of the OpenAI dialect for tests, bounded and on this machine alone. How it behaves is
 * chosen per request: by the header `x-scripted-mode`, else by the model's last part
 * (`acme/reset-mid-answer`), else normal. `acme/normal?pieces=50&gap_ms=2` sets length and pace.
 * README.md has every mode and option.
 */
export async function openScriptedUpstream(
  options: ScriptedUpstreamOptions = {},
): Promise<ScriptedUpstream> {
  const hits: Hit[] = []
  const providerId = newId<'provider'>()
  const sockets = new Set<Socket>()
  const counts = new Map<string, Count>()
  const server = createServer((request, response) => {
    void serve(request, response, { hits, options, counts })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject)
      if (options.socketPath === undefined) server.listen(port, '127.0.0.1', 511, resolve)
      else server.listen(options.socketPath, resolve)
    })
  await listen(0)
  const address = server.address() as AddressInfo | string
  const baseUrl = `http://${typeof address === 'string' ? 'localhost' : `127.0.0.1:${address.port}`}/v1`

  const upstream: ScriptedUpstream = {
    baseUrl,
    hits,
    calls: () => hits.filter((hit) => OPERATIONS[hit.path] !== undefined),
    endpoint: (overrides = {}) => ({
      providerId,
      dialect: 'openai',
      baseUrl,
      socketPath: options.socketPath ?? null,
      authHeader:
        options.key === undefined
          ? null
          : { name: 'authorization', value: `Bearer ${options.key}` },
      quirks: { acceptsStreamOptions: true, rejectedParameters: [] },
      ...overrides,
    }),
    countOf: (mode) => upstream.calls().filter((hit) => hit.mode === mode).length,
    goAway: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.resetAndDestroy()
      return closed
    },
    comeBack: () => listen(typeof address === 'string' ? 0 : address.port),
    waitFor: (condition) => waitUntil(() => condition(upstream)),
    forget: () => {
      hits.length = 0
      counts.clear()
    },
    close: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      return closed
    },
  }
  return upstream
}

/** Calls that share a key of their own, or a model's name. */
interface Count {
  calls: number
  readonly firstMs: number
}

interface Context {
  readonly hits: Hit[]
  readonly options: ScriptedUpstreamOptions
  readonly counts: Map<string, Count>
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  context: Context,
): Promise<void> {
  request.on('error', () => response.destroy()) // a caller that goes away in the middle
  response.on('error', () => response.destroy())
  const body = await readBody(request)
  if (body === null) return
  const { options } = context
  const path = request.url ?? '/'
  const json = parseJson(body.toString('utf8'))
  const operation = OPERATIONS[path]
  const wish = wishOf(request, json)
  const call =
    operation !== undefined && isJsonObject(json)
      ? readCall(operation, json, wish.pieceCount ?? options.pieceCount ?? 8)
      : null
  const hit: Hit = {
    method: request.method ?? '',
    path,
    headers: request.headers,
    port: request.socket.remotePort,
    body,
    json,
    mode: wish.mode,
    usage: call?.usage ?? null,
    isAborted: false,
    isAnswered: false,
  }
  context.hits.push(hit)
  response.on('finish', () => {
    hit.isAnswered = true
  })
  response.on('close', () => {
    if (!response.writableFinished) hit.isAborted = true
  })
  if (options.key !== undefined && request.headers.authorization !== `Bearer ${options.key}`) {
    sendJson(
      response,
      401,
      errorBody('Incorrect API key.', 'invalid_request_error', 'invalid_api_key'),
    )
    return
  }
  if (call === null) {
    answerOther(response, path, options)
    return
  }
  const count = countUp(context.counts, wish.key)
  const exchange: Exchange = {
    call,
    request,
    response,
    gapMs: wish.gapMs,
    options: wish.options,
    attempt: count.calls,
    sinceFirstMs: performance.now() - count.firstMs,
    wholeText: () => JSON.stringify(wholeAnswer(call)),
    playAs: (mode) => MODES[mode]?.(exchange),
    isGone: () => response.destroyed || request.socket.destroyed,
  }
  if (wish.waitMs > 0) await sleep(wish.waitMs)
  if (!exchange.isGone()) await exchange.playAs(wish.mode)
}

function countUp(counts: Map<string, Count>, key: string): Count {
  const count = counts.get(key) ?? { calls: 0, firstMs: performance.now() }
  count.calls += 1
  counts.set(key, count)
  return count
}

function answerOther(
  response: ServerResponse,
  path: string,
  options: ScriptedUpstreamOptions,
): void {
  const extra = options.extra?.[path]
  if (path === '/v1/models') sendAny(response, 200, options.modelList ?? everyMode())
  else if (extra !== undefined) sendAny(response, 200, extra)
  else if (OPERATIONS[path] === undefined) {
    sendJson(response, 404, errorBody(`No ${path} here.`, 'invalid_request_error'))
  } else sendJson(response, 400, errorBody('The body is not JSON.', 'invalid_request_error'))
}

function sendAny(response: ServerResponse, status: number, body: Json): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json' }).end(text)
}

function everyMode(): JsonObject {
  const data = Object.keys(MODES).map((mode) => ({
    id: `acme/${mode}`,
    object: 'model',
    created: 1_764_000_000,
    owned_by: 'acme',
  }))
  return { object: 'list', data }
}

interface Wish {
  readonly mode: string
  readonly options: URLSearchParams
  readonly key: string
  readonly pieceCount: number | null
  readonly gapMs: number
  /** Before anything is answered. */
  readonly waitMs: number
}

/** How the caller wants to be treated. */
function wishOf(request: IncomingMessage, json: Json | undefined): Wish {
  const model = isJsonObject(json) && typeof json.model === 'string' ? json.model : ''
  const header = request.headers['x-scripted-mode']
  const said = typeof header === 'string' ? header : model
  const [name = '', query = ''] = said.split('?')
  const mode = name.slice(name.lastIndexOf('/') + 1)
  const options = new URLSearchParams(query)
  const pieces = options.get('pieces')
  return {
    mode: Object.hasOwn(MODES, mode) ? mode : 'normal',
    options,
    key: options.get('key') ?? said,
    pieceCount: pieces === null ? null : Math.min(Number(pieces), 100_000),
    gapMs: Math.min(Number(options.get('gap_ms') ?? 0), 1_000),
    waitMs: Math.min(Number(options.get('wait_ms') ?? 0), 60_000),
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer)
  } catch {
    return null // the caller went away before it had said everything
  }
  return Buffer.concat(chunks)
}

async function waitUntil(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (condition()) return
    await sleep(5)
  }
  throw new Error('the scripted upstream waited two seconds in vain')
}
