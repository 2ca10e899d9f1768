import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { jsonRoute } from './route.ts'
import type { Principal } from './types.ts'

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

test('only a route for anyone has to think of a caller that is not there', () => {
  const base = { scope: null, dialect: 'problem', summary: 'For tests', method: 'GET' } as const
  jsonRoute({
    ...base,
    path: '/api/a',
    access: 'member',
    handle: ({ principal }) => {
      expectTypeOf(principal).toEqualTypeOf<Principal>()
      return {}
    },
  })
  jsonRoute({
    ...base,
    path: '/',
    access: 'anyone',
    handle: ({ principal }) => {
      expectTypeOf(principal).toEqualTypeOf<Principal | null>()
      return {}
    },
  })
})
