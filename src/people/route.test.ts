import { expect, test } from 'vitest'
import { z } from 'zod'
import { jsonRoute } from './route.ts'

test('a JSON route keeps its declaration and types its handler by its schemas', async () => {
  const route = jsonRoute({
    method: 'POST',
    path: '/api/double',
    access: 'member',
    scope: 'api',
    dialect: 'problem',
    summary: 'Twice a number',
    body: z.object({ count: z.number() }),
    handle: ({ body }) => ({ json: body.count * 2 }),
  })
  expect(route).toMatchObject({ kind: 'json', access: 'member', scope: 'api' })
  const call = { principal: null, params: undefined, query: undefined, requestId: '', headers: {} }
  expect(await route.handle({ ...call, body: { count: 2 } } as never)).toEqual({ json: 4 })
})
