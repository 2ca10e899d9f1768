// edge: talks to timers.
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify'
import { assert } from '../kernel/index.ts'
import type { JsonRoute, Reply } from '../people/index.ts'
import { checkOf } from './check-input.ts'
import { refuse } from './errors.ts'
import { answersHead } from './match-methods.ts'
import { readJsonBody } from './read-json-body.ts'
import { securityHeaders } from './security-headers.ts'

/** fastify's parser of a body: JSON as the kernel reads it, without what a database cannot keep. */
export function readJsonOnly(
  request: FastifyRequest,
  body: Buffer,
  done: (error: Error | null, body?: unknown) => void,
): void {
  try {
    const encoding = request.headers['content-encoding'] ?? 'identity'
    if (encoding !== 'identity')
      throw refuse('http_body_type_unsupported', 'Send the body plain, without content-encoding.')
    done(null, readJsonBody(body))
  } catch (error) {
    done(error instanceof Error ? error : new Error(String(error)))
  }
}

/** Adds a route whose body is small JSON: parsed, checked, called, its reply written. */
export function addJsonRoute(app: FastifyInstance, route: JsonRoute, bodyTimeoutMs: number): void {
  const checkParams = checkOf(route.params, 'path')
  const checkQuery = checkOf(route.query, 'query')
  const checkBody = checkOf(route.body, 'body')
  const options: RouteShorthandOptions = { config: { route } }
  if (route.method !== 'GET') limitBodyTime(options, bodyTimeoutMs)
  app.route({
    ...options,
    method: answersHead(route) ? ['GET', 'HEAD'] : route.method,
    url: route.path,
    handler: async (request, reply) => {
      const { caller } = request
      assert(route.access === 'anyone' || caller !== null, 'http: only open routes know no caller')
      demandNoNul(request.url)
      const call = {
        principal: caller,
        params: checkParams(request.params),
        query: checkQuery(request.query),
        body: checkBody(request.body),
        requestId: request.id,
        headers: request.headers,
      }
      // The schemas that made these values are the ones the handler was typed by.
      return send(reply, await route.handle(call as never))
    },
  })
}

/** A sender that dribbles its body may not hold the request open. */
function limitBodyTime(options: RouteShorthandOptions, bodyTimeoutMs: number): void {
  const timers = new WeakMap<FastifyRequest, NodeJS.Timeout>()
  options.preParsing = (request, reply, _payload, done) => {
    const timer = setTimeout(() => {
      reply.header('connection', 'close')
      const error = refuse(
        'http_request_timeout',
        'The body did not arrive in time. Send it again.',
      )
      reply.send(error)
      reply.raw.once('finish', () => request.raw.destroy())
    }, bodyTimeoutMs)
    timers.set(request, timer)
    request.raw.once('close', () => clearTimeout(timer))
    done(null)
  }
  options.preValidation = (request, _reply, done) => {
    clearTimeout(timers.get(request))
    done()
  }
}

/** PostgreSQL keeps no NUL in text: none comes in by an address either. */
function demandNoNul(url: string): void {
  if (url.includes('%00')) throw refuse('http_request_malformed', 'Send an address without %00.')
}

function send(reply: FastifyReply, answer: Reply): FastifyReply {
  const isEmpty = answer.json === undefined && answer.text === undefined
  reply.code(answer.status ?? (isEmpty ? 204 : 200)).headers(securityHeaders)
  if (answer.headers !== undefined) reply.headers(answer.headers)
  if (answer.text !== undefined) return reply.type(answer.text.type).send(answer.text.content)
  if (answer.json === undefined) return reply.send()
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(answer.json))
}
