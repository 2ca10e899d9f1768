import { expect, test } from 'vitest'
import { catalogRoutes } from '../src/catalog/index.ts'
import { gatewayRoutes } from '../src/gateway/index.ts'
import { statusRoutes, systemRoutes } from '../src/http/index.ts'
import { meteringRoutes } from '../src/metering/index.ts'
import { peopleRoutes, type Route } from '../src/people/index.ts'
import { findUndeclared, walkAccess } from './support/walk-access.ts'

/** All routes of all domains, over services that are never reached: only declarations count. */
function allRoutes(): readonly Route[] {
  const nothing = new Proxy({}, { get: () => nothing }) as never
  return [
    ...gatewayRoutes(nothing),
    ...catalogRoutes(nothing),
    ...peopleRoutes(nothing, nothing),
    ...meteringRoutes(nothing, nothing),
    ...statusRoutes({ version: '', facts: nothing }),
    ...systemRoutes({ version: '', metrics: nothing, readiness: nothing, allRoutes: () => [] }),
  ]
}

test('every route declares who may call it, and no other door is open', () => {
  expect(findUndeclared(allRoutes())).toEqual([])
})

test('every role at every route: in where it may, out where it may not', async () => {
  expect(await walkAccess(allRoutes())).toEqual([])
})

test('a route that declares nothing is found', () => {
  const [route] = allRoutes()
  const silent = { ...route, access: undefined, scope: null, path: '/v1/x' } as unknown as Route
  expect(findUndeclared([silent])).toEqual([
    'POST /v1/x declares no access',
    'POST /v1/x declares no scope',
  ])
})
