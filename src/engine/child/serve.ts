// edge: answers HTTP requests.
import { randomBytes, randomInt } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import {
  type Clock,
  isJsonObject,
  type JsonObject,
  parseJson,
  Refusal,
} from '../../kernel/index.ts'
import { refuse } from '../errors.ts'
import { answerChat } from './answer-chat.ts'
import { answerCompletion } from './answer-completion.ts'
import { answerEmbedding } from './answer-embedding.ts'
import { type AnswerIdentity, event, streamChat, type Wire, wholeChat } from './chat-writer.ts'
import type { ModelPool } from './model-pool.ts'
import { toOpenAiError } from './openai-error.ts'
import { parseChat } from './parse-chat.ts'
import { parseCompletion, parseEmbedding } from './parse-completion.ts'

const MAX_BODY_BYTES = 33_554_432
const KEEP_ALIVE_MS = 60_000

export interface ServeOptions {
  readonly pool: ModelPool
  readonly clock: Clock
  readonly version: string
  readonly onChange: () => void
  readonly onFailure: (error: unknown) => void
}

/** The caller went away: there is nobody to answer. */
class Gone extends Error {}

async function readBody(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > MAX_BODY_BYTES)
      throw refuse('engine_request_too_large', 'The body is larger than 32 MiB. Send less.')
    chunks.push(chunk as Buffer)
  }
  const json = parseJson(Buffer.concat(chunks).toString('utf8'))
  if (!isJsonObject(json)) throw refuse('engine_request_invalid', 'The body must be a JSON object.')
  return json
}

function openWire(response: ServerResponse): Wire {
  return {
    head: (status, headers) => void response.writeHead(status, headers),
    write: (text) => void response.write(text),
    end: (text) => void response.end(text),
  }
}

function sendJson(response: ServerResponse, status: number, json: unknown) {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(json))
}

/** Tells the caller what went wrong: with a status while it can, as an event once a stream runs. */
function sendFailure(response: ServerResponse, error: unknown) {
  if (response.destroyed || response.writableEnded) return
  const { status, headers, body } = toOpenAiError(error)
  if (response.headersSent) {
    response.end(event(body)) // and no [DONE]: the answer is not whole
    return
  }
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

interface EngineCall {
  readonly body: JsonObject
  readonly response: ServerResponse
  readonly signal: AbortSignal
}

function handlers(options: ServeOptions) {
  const { pool, clock } = options
  const identify = (prefix: string, model: string): AnswerIdentity => ({
    id: `${prefix}-${randomBytes(12).toString('hex')}`,
    createdSeconds: Math.floor(clock.nowMs() / 1_000),
    model,
    fingerprint: options.version,
  })
  const randomSeed = () => randomInt(0, 0xffff_fffe)
  return {
    async '/v1/chat/completions'({ body, response, signal }: EngineCall) {
      const request = parseChat(body)
      const wire = openWire(response)
      const identity = identify('chatcmpl', request.model)
      const writer = request.isStream
        ? streamChat(wire, identity, request.hasStreamUsage)
        : wholeChat(wire, identity)
      const newCallId = () => `call_${randomBytes(12).toString('hex')}`
      await pool.use(request.model, signal, (loaded) =>
        answerChat(loaded, request, {
          writer,
          options: { signal, randomSeed: randomSeed(), newCallId },
        }),
      )
    },
    async '/v1/completions'({ body, response, signal }: EngineCall) {
      const request = parseCompletion(body)
      const identity = identify('cmpl', request.model)
      const io = { wire: openWire(response), identity, signal, randomSeed: randomSeed() }
      await pool.use(request.model, signal, (loaded) => answerCompletion(loaded, request, io))
    },
    async '/v1/embeddings'({ body, response, signal }: EngineCall) {
      const request = parseEmbedding(body)
      const wire = openWire(response)
      await pool.use(request.model, signal, (loaded) =>
        answerEmbedding(loaded, request, { wire, signal }),
      )
    },
  } as const
}
type Handlers = ReturnType<typeof handlers>

const isPostRoute = (path: string, routes: Handlers): path is keyof Handlers =>
  Object.hasOwn(routes, path)

function answerGet(path: string, response: ServerResponse, pool: ModelPool): boolean {
  if (path === '/health') sendJson(response, 200, { status: 'ok' })
  else if (path === '/v1/models') {
    const contextOf = new Map(pool.loadedModels().map((m) => [m.name, m.contextTokens]))
    const data = pool.names().map((id) => ({
      id,
      object: 'model',
      created: 0,
      owned_by: 'baimo',
      context_tokens: contextOf.get(id) ?? null,
    }))
    sendJson(response, 200, { object: 'list', data })
  } else return false
  return true
}

/** The engine's HTTP server, in OpenAI's dialect. It listens where the caller tells it to. */
export function createEngineServer(options: ServeOptions): Server {
  const routes = handlers(options)
  async function answer(request: IncomingMessage, response: ServerResponse) {
    const gone = new AbortController()
    response.on('close', () => {
      if (!response.writableEnded) gone.abort(new Gone())
    })
    try {
      const path = (request.url ?? '').split('?')[0] ?? ''
      if (request.method === 'GET' && answerGet(path, response, options.pool)) return
      if (request.method !== 'POST' || !isPostRoute(path, routes))
        throw refuse('engine_route_unknown', `There is no ${request.method} ${path}.`)
      const body = await readBody(request)
      await routes[path]({ body, response, signal: gone.signal })
    } catch (error) {
      if (gone.signal.aborted) return
      if (!(error instanceof Refusal)) options.onFailure(error)
      sendFailure(response, error)
    } finally {
      options.onChange()
    }
  }
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    options.onChange()
    void answer(request, response)
  })
  server.requestTimeout = 0 // callers are our own gateway, on a private socket
  return server
}
