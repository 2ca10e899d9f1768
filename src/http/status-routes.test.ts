import { expect, test } from 'vitest'
import { openServedWorld } from '../../tests/support/server.ts'
import type { StatusFacts, StatusModel } from './status-page.ts'
import { statusRoutes } from './status-routes.ts'

const model = (name: string, isLive: boolean): StatusModel => ({
  name,
  league: 'models',
  providers: ['acme'],
  parametersTotal: null,
  contextTokens: null,
  isLive,
  isOff: false,
  rest: null,
})
const facts: StatusFacts = {
  version: '0.1.0',
  url: 'http://127.0.0.1:7777',
  startedAt: new Date('2026-01-02T03:04:05Z'),
  database: { kind: 'embedded', version: '18.4' },
  engine: { kind: 'ready', reason: null, loadedCount: 1, queueLength: 0 },
  models: [model('acme/one', true), model('acme/two', true), model('acme/offered', false)],
  found: [{ kind: 'ollama', baseUrl: 'http://localhost:11434' }],
  ownerKeyPath: '/home/of/owner.key',
}

async function openWorld() {
  const routes = statusRoutes({
    version: '0.1.0',
    command: 'npx lion',
    facts: async () => facts,
    usableNames: (allowed) =>
      ['acme/one', 'acme/two'].filter((name) => allowed?.includes(name) ?? true),
  })
  const world = await openServedWorld(routes)
  const read = async (path: string, key: string) => {
    const headers = { authorization: `Bearer ${key}` }
    return (await fetch(world.server.url + path, { headers })).text()
  }
  return { ...world, read }
}

test('the scrape token and a key without the scope are strangers on the page', async () => {
  const { people, owner, read } = await openWorld()
  const { secret } = await people.keys.create(owner, { name: 'chat only', scopes: ['chat'] })
  for (const key of ['scrape-me', secret, 'sk-wrong']) {
    const page = await read('/', key)
    expect(page).toContain('npx lion link')
    expect(page).not.toMatch(/acme|owner\.key"|11434/)
  }
})

test('who is no operator sees the live models they may use, and nothing of the machine', async () => {
  const world = await openWorld()
  const { key } = await world.addOrganisation()
  const page = await world.read('/', key)
  expect(page).toContain('acme/one')
  expect(page).not.toMatch(/offered|11434|\/home\/of/)
  const status = JSON.parse(await world.read('/api/status', key))
  expect(status).toMatchObject({ models: { all: 2, live: 2 }, found: [] })
})

test('a key limited to one model sees that one', async () => {
  const world = await openWorld()
  const guest = await world.addOrganisation()
  const { secret } = await world.people.keys.create(guest.principal, {
    name: 'narrow',
    scopes: 'all',
    models: ['acme/two'],
  })
  const page = await world.read('/', secret)
  expect(page).toContain('acme/two')
  expect(page).not.toContain('acme/one')
})

test('an operator sees all of it', async () => {
  const { ownerKey, read } = await openWorld()
  const page = await read('/', ownerKey)
  for (const text of ['acme/offered', 'localhost:11434', '/home/of/owner.key'])
    expect(page).toContain(text)
  expect(JSON.parse(await read('/api/status', ownerKey))).toMatchObject({
    models: { all: 3, live: 2 },
    found: [{ kind: 'ollama' }],
  })
})
