import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { castVote } from '../src/boards/index.ts'
import {
  type ModelId,
  newId,
  type OrganisationId,
  type SubjectId,
  silentLog,
} from '../src/kernel/index.ts'
import { openStore, type Store } from '../src/store/index.ts'
import { callMarket } from './support/call-market.ts'
import { createTestDatabase } from './support/database.ts'
import { makeQuickFolder } from './support/folders.ts'
import { type Market, startMarket } from './support/market.ts'

const BOARD = '/api/boards/practice/overall'
const home = makeQuickFolder('baimo-test-')
let market: Market
let store: Store

beforeAll(async () => {
  const databaseUrl = await createTestDatabase()
  market = await startMarket({ home, env: { DATABASE_URL: databaseUrl } })
  store = await openStore({
    home: { path: '', databasePath: '', runPath: '' },
    ...{ databaseUrl, log: silentLog, onProgress: () => {} },
  })
}, 60_000)
afterAll(async () => {
  await market.stop()
  await store.close()
  rmSync(home, { recursive: true, force: true, maxRetries: 20 })
})

function call(method: string, path: string, options: { body?: object; by?: 'owner' } = {}) {
  const key = options.by === 'owner' ? market.ownerKey : undefined
  return callMarket(market.url, { method, path, body: options.body, key })
}

/** Each of some people finds the first of two models better, three times of four. */
async function vote(people: number, times: number): Promise<void> {
  const organisation = await store.pool.query('select id from organisations where is_house')
  const { rows } = await store.pool.query('select id from models order by id limit 2')
  const [left, right] = rows.map(({ id }) => id as ModelId)
  if (left === undefined || right === undefined) throw new Error('two models are needed')
  for (let at = 0; at < people; at += 1) {
    const raterId = newId<'subject'>() as SubjectId
    for (let count = 0; count < times; count += 1)
      await store.transaction((trx) =>
        castVote(trx, {
          ...{ id: newId(), organisationId: organisation.rows[0].id as OrganisationId },
          ...{ league: 'practice', kind: 'votes', battleId: newId(), raterId, left, right },
          ...{ choice: count % 4 === 3 ? 'b' : 'a', prompt: null, slices: [], style: null },
          ...{ isShared: true, asideReason: null, castAt: new Date() },
        }),
      )
  }
}

const votesOf = async () => (await call('GET', BOARD, { by: 'owner' })).json.votes

test('a stranger sees a board once its owner says so, enough people voted, and claims stand', async () => {
  await vote(4, 12)
  await expect.poll(votesOf).toBe(48)
  const opened = await call('PATCH', BOARD, { by: 'owner', body: { is_public: true } })
  expect(opened.json).toMatchObject({ is_public: true })
  expect((await call('GET', BOARD)).json.code).toBe('boards_board_unknown')
  expect((await call('GET', '/api/boards')).json.data).toEqual([])

  await vote(11, 12)
  await expect.poll(votesOf).toBe(180)
  const seen = await call('GET', BOARD)
  expect([seen.status, seen.json.raters, seen.json.claims.certified]).toEqual([200, 15, 1])
  expect((await call('GET', `${BOARD}/certificates`)).json.data).toHaveLength(1)
  expect((await call('GET', `${BOARD}/pairs.csv`)).status).toBe(200)
  expect((await call('GET', '/api/boards')).json.data).toHaveLength(1)

  const settings = { least_people: 5, least_tolerance_votes: 100 }
  const set = await call('PUT', '/api/boards/settings', { by: 'owner', body: settings })
  expect(set.status).toBe(200)
  const outside = (await call('GET', BOARD)).json
  expect(outside.claims).toMatchObject({ certified: 0, leaning: 1 })
  expect(outside.decisions[0]).toMatchObject({ status: 'leaning', rival_count: 1 })
  expect(outside.rows.map((row: { tier: number }) => row.tier)).toEqual([1, 1])
  expect((await call('GET', `${BOARD}/certificates`)).json.data).toEqual([])
  const inside = (await call('GET', BOARD, { by: 'owner' })).json
  expect(inside.claims.certified).toBe(1)
  expect(inside.checks).toContainEqual({
    name: 'tolerance',
    is_ok: false,
    text: '1 of 1 certified claims would fall to fewer than 100 forged votes.',
  })

  await call('PATCH', BOARD, { by: 'owner', body: { is_public: false } })
  expect((await call('GET', BOARD)).status).toBe(404)
}, 60_000)
