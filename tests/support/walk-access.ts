import { z } from 'zod'
import { newId } from '../../src/kernel/index.ts'
import type { Access, Principal, Route } from '../../src/people/index.ts'
import { principalWith } from './principal.ts'
import { openTestServer } from './server.ts'

/** What is wrong with how routes declare themselves, one line each; none: nothing. */
export function findUndeclared(routes: readonly Route[]): string[] {
  const seen = new Set<string>()
  return routes.flatMap((route) => {
    const name = `${route.method} ${route.path}`
    const problems = [
      ...(route.access in allowed ? [] : ['declares no access']),
      ...(route.access === 'anyone' || route.scope !== null ? [] : ['declares no scope']),
      ...(route.summary.trim() === '' ? ['says nothing of itself'] : []),
      ...(['problem', 'openai'].includes(route.dialect) ? [] : ['declares no dialect']),
      ...(route.path.startsWith('/v1/') === (route.dialect === 'openai') ? [] : ['wrong dialect']),
      ...(seen.has(name) ? ['is declared twice'] : []),
      ...(route.access === 'anyone' && !open.has(name)
        ? ['is open to anyone: is that meant?']
        : []),
    ]
    seen.add(name)
    return problems.map((problem) => `${name} ${problem}`)
  })
}

/** All that answers without a key, by name: whoever opens another door writes it down here. */
const open = new Set([
  ...['GET /', 'GET /healthz', 'GET /readyz', 'GET /link/:token'],
  // The owner may publish a board; all others answer as if they were not there.
  ...['GET /api/boards', 'GET /api/boards/:league/:slice'],
  ...['certificates', 'pairs.csv', 'raters.csv'].map(
    (part) => `GET /api/boards/:league/:slice/${part}`,
  ),
])

const roles: Readonly<Record<string, Partial<Principal>>> = {
  member: { role: 'member' },
  admin: { role: 'admin' },
  owner: { role: 'owner' },
  'house member': { role: 'member', isHouse: true },
  'house admin': { role: 'admin', isHouse: true },
  'house owner': { role: 'owner', isHouse: true },
  'scrape token': { role: 'member', isHouse: true, via: 'scrape-token', scopes: ['metrics'] },
  /** A house owner's browser, on a page of the market's own. */
  session: { role: 'owner', isHouse: true, via: 'session', keyId: null },
  /** The same browser, sent by a page of somebody else: it reads, and changes nothing. */
  'foreign page': { role: 'owner', isHouse: true, via: 'session', keyId: null },
}
const readers = ['session', 'foreign page']

/** Who may, written out by hand: a table that was computed would repeat the rule it tests. */
const allowed: Readonly<Record<Access, readonly string[]>> = {
  anyone: [...Object.keys(roles), 'nobody', 'no scope'],
  member: ['member', 'admin', 'owner', 'house member', 'house admin', 'house owner', ...readers],
  admin: ['admin', 'owner', 'house admin', 'house owner', ...readers],
  owner: ['owner', 'house owner', ...readers],
  operator: ['house admin', 'house owner', ...readers],
  'house-owner': ['house owner', ...readers],
  scraper: ['house owner', 'scrape token', ...readers],
}

/**
 * Calls every route as everybody through a real server, with handlers that only say that they
 * were reached, and tells where somebody came in who may not, or stayed out who may.
 */
export async function walkAccess(routes: readonly Route[]): Promise<string[]> {
  const server = await openTestServer({
    routes: routes.map(withoutHandler),
    authenticate: (credentials) => principalNamed(secretOf(credentials)),
  })
  const problems: string[] = []
  for (const route of routes) {
    for (const who of [...Object.keys(roles), 'nobody', 'no scope']) {
      const answer = await server.inject({
        method: route.method,
        url: pathOf(route),
        headers: {
          host: 'localhost',
          'content-type': 'application/json',
          ...credentialsOf(who),
        },
        ...(route.method === 'GET' ? {} : { payload: '{}' }),
      })
      const expected = expectedFor(route, who)
      const isRight =
        expected === 'reached' ? isReached(answer.statusCode) : answer.statusCode === expected
      if (!isRight)
        problems.push(
          `${route.method} ${route.path} as ${who}: ${answer.statusCode}, not ${expected}`,
        )
    }
  }
  return problems
}

/** Reached: the stub's own status, or input that was refused after the gate. */
function isReached(status: number): boolean {
  return status === 299 || status === 400
}

function credentialsOf(who: string): Record<string, string> {
  if (who === 'nobody') return {}
  if (!readers.includes(who)) return { authorization: `Bearer ${who}` }
  const site = who === 'session' ? 'same-origin' : 'cross-site'
  return { cookie: `baimo_session=${who}`, 'sec-fetch-site': site }
}

function expectedFor(route: Route, who: string): 'reached' | 401 | 403 {
  if (who === 'foreign page' && route.method !== 'GET') return 403
  if (who === 'no scope' && route.scope === 'any' && route.access === 'member') return 'reached'
  if (allowed[route.access].includes(who)) return 'reached'
  return who === 'nobody' ? 401 : 403
}

function withoutHandler(route: Route): Route {
  if (route.kind === 'json') return { ...route, handle: () => ({ status: 299, json: {} }) }
  return {
    ...route,
    handle: (_request, response) => {
      response.writeHead(299)
      response.end()
    },
  }
}

function pathOf(route: Route): string {
  return route.path.replaceAll(/:[a-z_]+/g, () => newId()).replace(/\*$/, 'publisher/name')
}

function secretOf(credentials: { kind: string; secret?: string; token?: string }): string {
  return credentials.secret ?? credentials.token ?? ''
}

function principalNamed(name: string): Principal {
  const base = principalWith({ role: 'owner' })
  // The strongest caller with a key that has no scope at all: only open routes let it in, and
  // those that tell a key of itself.
  if (name === 'no scope') return { ...base, isHouse: true, scopes: [] }
  return { ...base, ...roles[name] }
}

/**
 * Calls every route that names an object by its path as a stranger who owns another organisation,
 * with the path of a real object, and tells which answered anything but 404. Routes of operators
 * and house owners are left out: there the stranger's role is refused, which `walkAccess` tells.
 *
 * @param paths a real object's path for each `METHOD /pattern`; a missing one is a problem
 */
export async function walkForeign(
  routes: readonly Route[],
  paths: Readonly<Record<string, string>>,
  call: (method: string, path: string) => Promise<number>,
): Promise<string[]> {
  const problems: string[] = []
  for (const route of routes.filter(({ path, access }) => /[:*]/.test(path) && isShared(access))) {
    const name = `${route.method} ${route.path}`
    const path = paths[name]
    if (path === undefined) problems.push(`${name}: no path of a real object was given`)
    else {
      const status = await call(route.method, path)
      if (status !== 404) problems.push(`${name}: answered a stranger with ${status}`)
    }
  }
  return problems
}

/**
 * The same for objects that are named in a body, by members such as `team_id`.
 *
 * @param ids a real object's id for each such member; a missing one is a problem
 */
export async function walkForeignBodies(
  routes: readonly Route[],
  ids: Readonly<Record<string, string>>,
  call: (route: Route, body: Readonly<Record<string, string>>) => Promise<number>,
): Promise<string[]> {
  const problems: string[] = []
  for (const route of routes.filter(({ access }) => isShared(access))) {
    for (const member of idsNamedBy(route)) {
      const name = `${route.method} ${route.path} ${member}`
      const id = ids[member]
      if (id === undefined) problems.push(`${name}: no id of a real object was given`)
      else {
        const status = await call(route, { [member]: id })
        if (status !== 404) problems.push(`${name}: answered a stranger with ${status}`)
      }
    }
  }
  return problems
}

/** Members of a route's body that name an object by its id. */
function idsNamedBy(route: Route): string[] {
  if (route.kind !== 'json' || route.body === undefined) return []
  const schema = z.toJSONSchema(route.body, { io: 'input', unrepresentable: 'any' })
  return Object.keys(schema.properties ?? {}).filter((member) => member.endsWith('_id'))
}

/** What belongs to one organisation among many; the house's own things are refused by role. */
function isShared(access: Access): boolean {
  return access === 'member' || access === 'admin' || access === 'owner'
}
