import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Route } from '../src/people/index.ts'
import { everyRoute } from './support/every-route.ts'
import { type Market, startMarket } from './support/market.ts'
import {
  findUndeclared,
  walkAccess,
  walkForeign,
  walkForeignBodies,
} from './support/walk-access.ts'

const scrapeToken = 'a-token-that-only-scrapes'
let market: Market
beforeAll(async () => {
  market = await startMarket({ env: { BAIMO_SCRAPE_TOKEN: scrapeToken } })
}, 60_000)
afterAll(() => market.stop())

test('every route says who may call it, with which scope and in which dialect', () => {
  const routes = everyRoute()
  expect(routes.length).toBeGreaterThan(30)
  expect(findUndeclared(routes)).toEqual([])
  const open = routes.filter(({ scope }) => scope === 'any')
  expect(open.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
    'GET /api/limits/mine',
    'GET /api/me',
    'GET /api/usage',
    'GET /api/usage/:id',
    'GET /api/usage/totals',
  ])
})

test('every role reaches exactly the routes that are declared for it', async () => {
  expect(await walkAccess(everyRoute())).toEqual([])
}, 60_000)

async function call(
  method: string,
  path: string,
  options: { key?: string; cookie?: string; body?: object } = {},
) {
  const answer = await fetch(market.url + path, {
    method,
    redirect: 'manual',
    headers: {
      'content-type': 'application/json',
      ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
      ...(options.cookie === undefined ? {} : { cookie: options.cookie, origin: market.url }),
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  })
  const text = await answer.text()
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    json: text.startsWith('{') ? JSON.parse(text) : {},
  }
}

/** The owner of a second organisation, with a key of their own made in a session. */
async function openSecondOrganisation(): Promise<string> {
  const made = await call('POST', '/api/organisations', {
    key: market.ownerKey,
    body: { name: 'Guests', owner: { name: 'Guest' } },
  })
  expect(made.status).toBe(201)
  const link = await call('GET', new URL(made.json.link.url).pathname)
  const cookie = link.headers.get('set-cookie')?.split(';')[0] ?? ''
  const wish = { name: 'guest', scopes: ['all'] }
  const key = await call('POST', '/api/keys', { cookie, body: wish })
  expect(key.status).toBe(201)
  return key.json.key
}

/** What a route takes, so that the refusal is about the object and not about its input. */
function bodyFor(method: string, path: string): { body?: object } {
  if (path.startsWith('/api/boards/')) return { body: { is_public: true } }
  if (path.endsWith('/turns')) return { body: { prompt: 'more' } }
  if (path.endsWith('/vote')) return { body: { choice: 'a' } }
  if (path.startsWith('/api/votes/')) return { body: { decision: 'restore', reason: 'mine' } }
  if (method === 'PUT' && path.startsWith('/api/policies/')) return { body: { places: [] } }
  if (method === 'PATCH') return { body: { role: 'admin' } }
  const isLimit = method === 'PUT' && path.startsWith('/api/limits/')
  return isLimit ? { body: { requests_per_minute: 1 } } : {}
}

/** A battle of the house's owner, and the vote in it. */
async function openBattle(): Promise<{ readonly id: string; readonly voteId: string }> {
  const ours = { key: market.ownerKey }
  const { json } = await call('POST', '/api/battles', { ...ours, body: { prompt: '1 + 1 =' } })
  const vote = () =>
    call('POST', `/api/battles/${json.id}/vote`, { ...ours, body: { choice: 'tie' } })
  let voted = await vote()
  while (voted.json.code === 'arena_battle_not_open') voted = await vote()
  expect(voted.status).toBe(200)
  return { id: json.id, voteId: voted.json.vote.vote_id }
}

test('nothing of one organisation answers an owner of another', async () => {
  const guestKey = await openSecondOrganisation()
  const ours = { key: market.ownerKey }
  const person = await call('POST', '/api/people', { ...ours, body: { name: 'Member' } })
  const team = await call('POST', '/api/teams', { ...ours, body: { name: 'Team' } })
  const key = await call('POST', '/api/keys', { ...ours, body: { name: 'ours' } })
  const asked = await call('POST', '/v1/chat/completions', {
    ...ours,
    body: { model: 'abacus-small', messages: [{ role: 'user', content: '1 + 1' }] },
  })
  const usageId = asked.headers.get('x-request-id')
  expect([person.status, team.status, key.status, asked.status]).toEqual([201, 201, 201, 200])
  const member = `/api/teams/${team.json.id}/members/${person.json.id}`
  const battle = await openBattle()
  const paths: Record<string, string> = {
    'GET /api/battles/:id': `/api/battles/${battle.id}`,
    'GET /api/battles/:id/stream': `/api/battles/${battle.id}/stream`,
    'POST /api/battles/:id/turns': `/api/battles/${battle.id}/turns`,
    'POST /api/battles/:id/vote': `/api/battles/${battle.id}/vote`,
    'POST /api/votes/:id': `/api/votes/${battle.voteId}`,
    'GET /api/usage/:id': `/api/usage/${usageId}`,
    'GET /api/keys/:id/made': `/api/keys/${key.json.id}/made`,
    'DELETE /api/keys/:id': `/api/keys/${key.json.id}`,
    'PATCH /api/people/:id': `/api/people/${person.json.id}`,
    'DELETE /api/people/:id': `/api/people/${person.json.id}`,
    'DELETE /api/teams/:id': `/api/teams/${team.json.id}`,
    'PUT /api/policies/teams/:id': `/api/policies/teams/${team.json.id}`,
    'DELETE /api/policies/teams/:id': `/api/policies/teams/${team.json.id}`,
    'PUT /api/limits/:kind/:id': `/api/limits/team/${team.json.id}`,
    'DELETE /api/limits/:kind/:id': `/api/limits/team/${team.json.id}`,
    'PATCH /api/boards/:league/:slice': '/api/boards/models/overall',
    'PUT /api/teams/:id/members/:person_id': member,
    'DELETE /api/teams/:id/members/:person_id': member,
  }
  // The catalog is the market's, open to all its organisations.
  const isOfTheMarket = (path: string) => /^\/(api|v1)\/models\/\*$/.test(path)
  const routes = everyRoute().filter(({ path }) => !isOfTheMarket(path))
  const problems = await walkForeign(routes, paths, async (method, path) => {
    const body = bodyFor(method, path)
    return (await call(method, path, { key: guestKey, ...body })).status
  })
  expect(problems).toEqual([])
  // What was refused is all still there for its own.
  expect((await call('GET', `/api/usage/${usageId}`, ours)).status).toBe(200)
  expect((await call('DELETE', `/api/keys/${key.json.id}`, ours)).status).toBeLessThan(300)
})

test('nothing of one organisation is taken from another by its id in a body', async () => {
  const guestKey = await openSecondOrganisation()
  const ours = { key: market.ownerKey }
  const person = await call('POST', '/api/people', { ...ours, body: { name: 'Member' } })
  const team = await call('POST', '/api/teams', { ...ours, body: { name: 'Another team' } })
  const ids = { person_id: person.json.id, team_id: team.json.id }
  const tried: string[] = []
  const problems = await walkForeignBodies(everyRoute(), ids, async ({ method, path }, body) => {
    tried.push(`${method} ${path} ${Object.keys(body)}`)
    const name = path === '/api/keys' ? { name: 'theirs' } : {}
    return (await call(method, path, { key: guestKey, body: { ...name, ...body } })).status
  })
  expect(problems).toEqual([])
  expect(tried.toSorted()).toEqual([
    'POST /api/keys person_id',
    'POST /api/keys team_id',
    'POST /api/links person_id',
  ])
})

test('open routes show nothing of what is inside to who may not see it', async () => {
  const wish = { name: 'chat only', scopes: ['chat'] }
  const made = await call('POST', '/api/keys', { key: market.ownerKey, body: wish })
  const inside = new RegExp(`abacus|engine\\.|${market.home}|[\\w-]{43}|postgres`, 'i')
  for (const key of [undefined, 'sk-wrong', scrapeToken, String(made.json.key)]) {
    const as = key === undefined ? {} : { key }
    const page = await call('GET', '/', as)
    expect(page.status).toBe(200)
    expect(page.text).toContain('baimo link')
    expect(page.text.replace(/<style>.*<\/style>/s, '')).not.toMatch(inside)
    const health = (await call('GET', '/healthz', as)).json
    expect(health).toEqual({
      status: 'ok',
      name: 'baimo',
      market: expect.stringMatching(/^\w{32}$/),
    })
    const parts = Object.keys((await call('GET', '/readyz', as)).json).toSorted()
    expect(parts).toEqual(['database', 'disk', 'engine', 'status', 'usage'])
    expect((await call('GET', '/link/nonsense', as)).json).toMatchObject({
      code: 'people_link_unusable',
    })
  }
})

test('a guest sees the models that answer, and nothing of the machine', async () => {
  const { text: page } = await call('GET', '/', { key: await openSecondOrganisation() })
  expect(page).toContain('abacus-small')
  expect(page).not.toContain(market.home)
})

test('lists show an organisation its own things alone', async () => {
  const guestKey = await openSecondOrganisation()
  for (const path of ['/api/people', '/api/keys', '/api/teams', '/api/usage']) {
    const [guests, ours] = await Promise.all(
      [guestKey, market.ownerKey].map(async (key) => (await call('GET', path, { key })).json.data),
    )
    const ids = new Set(ours.map((item: { id: string }) => item.id))
    expect(guests.filter((item: { id: string }) => ids.has(item.id))).toEqual([])
  }
})

test('behind a proxy links name the public address, and its cookies are secure', async () => {
  const env = { BAIMO_PUBLIC_URL: 'https://market.example' }
  const proxied = await startMarket({ env })
  try {
    const link = /^Owner link[^:]*: (\S+)$/m.exec(proxied.output())?.[1] ?? ''
    expect(link).toMatch(/^https:\/\/market\.example\/link\/[\w-]{43}$/)
    const socket = connect(Number(new URL(proxied.url).port), '127.0.0.1')
    const { pathname } = new URL(link)
    socket.write(`GET ${pathname} HTTP/1.1\r\nhost: market.example\r\nconnection: close\r\n\r\n`)
    const answer = await text(socket)
    expect(answer).toMatch(/^HTTP\/1\.1 303 /)
    expect(answer).toMatch(/^set-cookie: baimo_session=.*; Secure\r$/m)
  } finally {
    await proxied.stop()
  }
}, 60_000)

test('a route that declares nothing is found', () => {
  const [route] = everyRoute()
  const silent = { ...route, access: undefined, scope: null, path: '/v1/x' } as unknown as Route
  expect(findUndeclared([silent])).toEqual([
    'POST /v1/x declares no access',
    'POST /v1/x declares no scope',
  ])
})
