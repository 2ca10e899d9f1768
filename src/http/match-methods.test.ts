import { expect, test } from 'vitest'
import { jsonRoute, type Route } from '../people/index.ts'
import { answersHead, dialectAt, methodsAt } from './match-methods.ts'

function route(method: Route['method'], path: string, hasHead?: boolean): Route {
  return jsonRoute({
    method,
    path,
    access: 'member',
    scope: 'api',
    dialect: 'problem',
    summary: 'For tests',
    ...(hasHead === undefined ? {} : { hasHead }),
    handle: () => ({}),
  })
}

const routes = [
  route('GET', '/api/keys'),
  route('POST', '/api/keys'),
  route('DELETE', '/api/keys/:id'),
  route('PATCH', '/api/models/*'),
  route('GET', '/link/:token', false),
]

test.each([
  ['/api/keys', ['GET', 'HEAD', 'POST']],
  ['/api/keys/1', ['DELETE']],
  ['/api/keys/', []],
  ['/api/keys/1/2', []],
  ['/api/models/a', ['PATCH']],
  ['/api/models/a/b/c', ['PATCH']],
  ['/api/models', []],
  ['/link/x', ['GET']],
  ['/', []],
])('%s takes %j', (path, methods) => {
  expect(methodsAt(routes, path)).toEqual(methods)
})

test('only a GET that may be repeated answers HEAD', () => {
  expect(routes.map(answersHead)).toEqual([true, false, false, false, false])
})

test('everything below /v1 is answered as OpenAI does', () => {
  expect(['/v1', '/v1/x', '/v10', '/api', '/'].map(dialectAt)).toEqual([
    'openai',
    'openai',
    'problem',
    'problem',
    'problem',
  ])
})
