import { expect, test } from 'vitest'
import { z } from 'zod'
import { openServedWorld } from '../../tests/support/server.ts'
import { jsonRoute, type Route } from '../people/index.ts'
import { describeApi } from './describe-api.ts'

const route = jsonRoute({
  method: 'PATCH',
  path: '/api/models/*',
  access: 'operator',
  scope: 'api',
  dialect: 'problem',
  summary: 'Set facts',
  query: z.object({ dry: z.stringbool().optional(), limit: z.coerce.number().default(5) }),
  body: z.object({ licence: z.string() }),
  answer: z.object({ at: z.iso.datetime() }),
  handle: () => ({}),
})
const relay: Route = {
  kind: 'raw',
  method: 'POST',
  path: '/v1/chat/completions',
  access: 'member',
  scope: 'chat',
  dialect: 'openai',
  summary: 'Chat',
  handle: () => {},
}

test('a route is described by what it declares', () => {
  const { paths } = describeApi([route, relay], '1.0.0') as unknown as {
    paths: Record<string, Record<string, object>>
  }
  expect(paths['/api/models/{name}']?.patch).toMatchObject({
    summary: 'Set facts',
    'x-access': 'operator',
    'x-scope': 'api',
    security: [{ key: [] }, { session: [] }],
    parameters: [
      { name: 'name', in: 'path', required: true },
      { name: 'dry', in: 'query', required: false },
      { name: 'limit', in: 'query', required: false },
    ],
    requestBody: {
      content: { 'application/json': { schema: { properties: { licence: { type: 'string' } } } } },
    },
  })
  expect(paths['/v1/chat/completions']?.post).toMatchObject({
    responses: {
      default: {
        content: { 'application/json': { schema: { $ref: '#/components/schemas/OpenaiError' } } },
      },
    },
  })
})

test('the market describes every route it has, in JSON', async () => {
  const { server, routes, ownerKey } = await openServedWorld()
  const answer = await fetch(`${server.url}/api/openapi.json`, {
    headers: { authorization: `Bearer ${ownerKey}` },
  })
  const { openapi, paths } = (await answer.json()) as {
    openapi: string
    paths: Record<string, Record<string, unknown>>
  }
  expect(openapi).toBe('3.1.0')
  const described = Object.values(paths).flatMap((methods) => Object.keys(methods))
  expect(described).toHaveLength(routes.length)
})
