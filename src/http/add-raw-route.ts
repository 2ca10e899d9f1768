// edge: talks to requests and replies of fastify.
import type { FastifyInstance } from 'fastify'
import type { RawRoute } from '../people/index.ts'
import { callRaw } from './raw-door.ts'

/**
 * Adds a route that reads and writes the sockets itself. Once it is called the answer is its own;
 * what it throws at once is answered here, in its dialect.
 */
export function addRawRoute(app: FastifyInstance, route: RawRoute): void {
  app.route({
    config: { route },
    method: route.method,
    url: route.path,
    exposeHeadRoute: false,
    handler: (request, reply) => {
      callRaw(route, request, reply.raw)
      reply.hijack()
    },
  })
}
