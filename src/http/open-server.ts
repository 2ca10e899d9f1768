// edge: listens on the network.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify'
import { type Log, newId } from '../kernel/index.ts'
import { addJsonRoute, readJsonOnly } from './add-json-route.ts'
import { addRawRoute } from './add-raw-route.ts'
import { createClientErrorAnswer } from './answer-client-error.ts'
import { sendError } from './answer-error.ts'
import { answerExpectation, asksToContinue } from './answer-expectation.ts'
import { closeDoor, watchNewcomers } from './close-door.ts'
import { refuse } from './errors.ts'
import { createGate } from './gate.ts'
import { dialectAt, methodsAt } from './match-methods.ts'
import { createRawDoor } from './raw-door.ts'
import type { CloseOptions, Server, ServerOptions } from './types.ts'
import { createWatch, type Watch } from './watch.ts'
import { watchDescriptors } from './watch-descriptors.ts'

/** How long answers that were stopped may take to record what came of them, and to say so. */
const LATE_MS = 1_000
const MAX_HEADER_BYTES = 16 * 1024
const MAX_JSON_BYTES = 1024 * 1024

/**
 * Opens the market's door: every route behind its declared access, errors in its dialect, an id
 * of ours on every answer. Refuses with `http_port_taken`, `http_address_unusable`.
 */
export async function openServer(options: ServerOptions): Promise<Server> {
  const watch = createWatch(options)
  const app = createApp(options, watch)
  const gate = createGate({
    ...options,
    isStopping: () => watch.answers.isStopping,
    untilTold: watch.answers.untilTold,
  })
  app.decorateRequest('caller', null)
  app.decorateRequest('dialect', 'problem')
  app.decorateRequest('route', {
    getter(this: FastifyRequest) {
      return this.routeOptions.config.route
    },
  })
  app.addHook('onRequest', (request, reply, done) => {
    watch.begin(request, reply.raw)
    reply.raw.setHeader('x-request-id', request.id)
    reply.raw.setHeader('x-content-type-options', 'nosniff')
    gate(request, reply.raw, (error) => {
      if (asksToContinue(request)) answerExpectation(reply.raw, error)
      done(error)
    })
  })
  app.setErrorHandler((error, request, reply) => sendError({ error, request, reply, watch }))
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    request.dialect = dialectAt(path)
    const methods = methodsAt(options.routes, path)
    if (methods.length > 0) reply.header('allow', methods.join(', '))
    const error = methods.length > 0 ? refuseMethod(request.method, methods) : refusePath(path)
    return sendError({ error, request, reply, watch })
  })
  addRoutes(app, options)
  const door = createRawDoor({ routes: options.routes, gate, watch })
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    if (!door(request, response)) app.routing(request, response)
  }
  app.server.removeAllListeners('request').on('request', take)
  // Without this Node asks for the body by itself, before anybody knows who sends it.
  app.server.on('checkContinue', take)
  // Node would answer 417 by itself. What we do not know is not waited for by anybody.
  app.server.on('checkExpectation', take)
  await app.ready()
  const url = await listen(app, options)
  return serverOf(app, { url, watch, log: options.log })
}

function createApp(options: ServerOptions, watch: Watch): FastifyInstance {
  const headersTimeout = options.headersTimeoutMs ?? 20_000
  return fastify({
    logger: false,
    genReqId: () => newId(),
    requestIdHeader: false,
    bodyLimit: MAX_JSON_BYTES,
    return503OnClosing: false,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 1_000 },
    clientErrorHandler: createClientErrorAnswer(watch.answers),
    frameworkErrors: (error, request, reply) => {
      reply.headers({ 'x-request-id': request.id, 'x-content-type-options': 'nosniff' })
      return sendError({ error, request, reply, watch: null })
    },
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      requireHostHeader: false, // the gate asks for it, and refuses in our words
      headersTimeout,
      // How long a whole request may take to arrive, uploads to the relay included; answers may
      // take as long as they want.
      requestTimeout: 300_000,
      connectionsCheckingInterval: Math.min(5_000, headersTimeout / 2),
      keepAliveTimeout: 72_000,
    },
  })
}

function addRoutes(app: FastifyInstance, options: ServerOptions): void {
  app.register(async (json) => {
    json.removeAllContentTypeParsers()
    json.addContentTypeParser('application/json', { parseAs: 'buffer' }, readJsonOnly)
    for (const route of options.routes)
      if (route.kind === 'json') addJsonRoute(json, route, options.bodyTimeoutMs ?? 30_000)
  })
  app.register(async (raw) => {
    raw.removeAllContentTypeParsers()
    // The body stays where it is: the relay reads it from the socket.
    raw.addContentTypeParser('*', (_request, _payload, done) => done(null))
    for (const route of options.routes) if (route.kind === 'raw') addRawRoute(raw, route)
  })
}

async function listen(app: FastifyInstance, { host, port }: ServerOptions): Promise<string> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    await app.close()
    throw refuseAddress(error, { host, port })
  }
  const isAnywhere = host === '0.0.0.0' || host === '::'
  const name = isAnywhere ? '127.0.0.1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${portOf(app)}`
}

function serverOf(
  app: FastifyInstance,
  { url, watch, log }: { url: string; watch: Watch; log: Log },
): Server {
  const { answers } = watch
  const stopWatching = watchDescriptors(app.server, log)
  let closing: Promise<void> | undefined

  async function close({ drainMs = 0, graceMs, onLate }: CloseOptions): Promise<void> {
    const newcomers = watchNewcomers(app.server)
    answers.leave()
    if (drainMs > 0) await pause(drainMs)
    answers.stop()
    await answers.whenIdle(graceMs)
    if (answers.leftCount > 0 && onLate !== undefined) {
      onLate()
      await answers.whenIdle(LATE_MS)
    }
    answers.cut()
    stopWatching()
    await closeDoor(app.server, { newcomers, answers })
    await app.close()
  }

  return {
    url,
    port: portOf(app),
    server: app.server,
    get runningCount() {
      return answers.runningCount
    },
    close: (how) => {
      closing ??= close(how)
      return closing
    },
    inject: (request) => app.inject(request),
  }
}

function portOf(app: FastifyInstance): number {
  const address = app.server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function refuseMethod(method: string, methods: readonly string[]) {
  return refuse(
    'http_method_unknown',
    `This path does not take ${method}. It takes ${methods.join(', ')}.`,
  )
}

function refusePath(path: string) {
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path
  return refuse(
    'http_route_unknown',
    `Nothing answers at ${shown}. GET /api/openapi.json lists what does.`,
  )
}

function refuseAddress(error: unknown, { host, port }: { host: string; port: number }) {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return refuse(
      'http_port_taken',
      `Port ${port} on ${host} is taken by another program. Stop it, or set PORT to another.`,
      { cause: error },
    )
  const reason = error instanceof Error ? error.message : String(error)
  return refuse(
    'http_address_unusable',
    `Cannot listen on ${host} port ${port}: ${reason}. Check HOST and PORT.`,
    { cause: error },
  )
}
