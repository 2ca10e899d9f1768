import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type ArenaUpstream, openArenaUpstream } from './support/arena-upstream.ts'
import { callMarket } from './support/call-market.ts'
import { createEmptyDatabase } from './support/database.ts'
import { makeQuickFolder } from './support/folders.ts'
import { type Market, startMarket } from './support/market.ts'

/** Two processes on one database: battles run in the first, and are watched at the second. */
const TEXT = 'The tide comes in twice a day because the moon pulls at the sea. '.repeat(3)
let folder: string
let upstream: ArenaUpstream
let markets: [Market, Market]

beforeAll(async () => {
  folder = makeQuickFolder('baimo-arena-')
  const url = await createEmptyDatabase({ host: inject('postgresHost') })
  upstream = await openArenaUpstream({
    'northwind/aurora-7': { say: () => TEXT, gapMs: 30 },
    'quillpad/basalt-2': { say: () => TEXT, gapMs: 20 },
  })
  const env = { DATABASE_URL: url, BAIMO_SECRET_FILE: join(folder, 'secret.key') }
  markets = [await startMarket({ env }), await startMarket({ env })]
  const added = await call('POST', '/api/providers', {
    ...{ url: upstream.baseUrl, name: 'zephyrhost', key: 'k' },
    models: ['northwind/aurora-7', 'quillpad/basalt-2'],
  })
  expect(added.status, added.text).toBeLessThan(300)
  await call('PUT', '/api/arena/settings', { control_share: 0, letters_per_second: null })
}, 120_000)
afterAll(async () => {
  for (const market of markets) await market.stop()
  await upstream.close()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

function call(method: string, path: string, body?: object, at: 0 | 1 = 0) {
  return callMarket(markets[at].url, { method, path, body, key: markets[0].ownerKey })
}

async function readStream(id: string, at: 0 | 1): Promise<string> {
  const response = await fetch(`${markets[at].url}/api/battles/${id}/stream`, {
    headers: { authorization: `Bearer ${markets[0].ownerKey}` },
  })
  return response.text()
}

test('a battle that runs elsewhere is told here as there, and is voted on here', async () => {
  const { json } = await call('POST', '/api/battles', { prompt: 'Why is there a tide?' })
  const [here, there] = await Promise.all([readStream(json.id, 1), readStream(json.id, 0)])
  expect(here).toBe(there)
  expect(here).toContain('event: end')
  const voted = await call('POST', `/api/battles/${json.id}/vote`, { choice: 'a' }, 1)
  expect(voted.json.reveal.a.model).toMatch(/^(northwind|quillpad)\//)
}, 60_000)

test('a vote elsewhere, while the answers still come, counts once and stands', async () => {
  const { json } = await call('POST', '/api/battles', { prompt: 'Why is there a tide?' })
  const path = `/api/battles/${json.id}`
  const state = async () => (await call('GET', path, undefined, 1)).json.state
  await expect.poll(state, { timeout: 5_000, interval: 20 }).toBe('open')
  const votes = await Promise.all(
    ([0, 1, 0, 1] as const).map((at) => call('POST', `${path}/vote`, { choice: 'b' }, at)),
  )
  expect(votes.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409])
  await readStream(json.id, 0)
  const after = await call('GET', path, undefined, 1)
  expect(after.json).toMatchObject({ state: 'voted', is_answering: false })
  expect(after.json.vote.shown_characters.a).toBeLessThan(TEXT.length)
  expect(after.json.reveal.b.tokens.output).toBeGreaterThan(0)
}, 60_000)

test('a battle whose process was killed is void once its lease has ended, never stuck', async () => {
  const { json } = await call('POST', '/api/battles', { prompt: 'Why is there a tide?' })
  await markets[0].kill9()
  const path = `/api/battles/${json.id}`
  const found = await call('GET', path, undefined, 1)
  expect(['answering', 'open']).toContain(found.json.state)
  const read = async () => (await call('GET', path, undefined, 1)).json
  await expect.poll(async () => (await read()).state, { timeout: 45_000 }).toBe('voided')
  expect(await read()).toMatchObject({ void_code: 'arena_process_lost', is_answering: false })
  const late = await call('POST', `${path}/vote`, { choice: 'a' }, 1)
  expect(late.json.code).toBe('arena_battle_voided')
}, 90_000)
