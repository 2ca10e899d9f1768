// edge: talks to requests and replies of fastify.
import type { FastifyInstance } from 'fastify'
import { assert } from '../kernel/index.ts'
import type { RawRoute } from '../people/index.ts'

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
      const { caller } = request
      assert(caller !== null, 'http: a raw route is never open to anyone')
      route.handle(request.raw, reply.raw, { principal: caller, requestId: request.id })
      reply.hijack()
    },
  })
}
