import { rmSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { castVote } from '../../src/boards/index.ts'
import {
  type ModelId,
  newId,
  type OrganisationId,
  type SubjectId,
  silentLog,
} from '../../src/kernel/index.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { createTestDatabase } from '../support/database.ts'
import { makeQuickFolder } from '../support/folders.ts'
import { type Market, startMarket } from '../support/market.ts'

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function openWorld() {
  const databaseUrl = await createTestDatabase()
  const home = makeQuickFolder('baimo-test-')
  closers.push(() => rmSync(home, { recursive: true, force: true, maxRetries: 20 }))
  const start = async (): Promise<Market> => {
    const market = await startMarket({ home, env: { DATABASE_URL: databaseUrl } })
    closers.push(() => market.stop())
    return market
  }
  const market = await start()
  const store = await openStore({
    home: { path: '', databasePath: '', runPath: '' },
    ...{ databaseUrl, log: silentLog, onProgress: () => {} },
  })
  closers.push(() => store.close())
  const organisation = await store.pool.query('select id from organisations where is_house')
  const models = await store.pool.query('select id from models order by name')
  const ids = models.rows.map(({ id }) => id as ModelId)
  const organisationId = organisation.rows[0].id as OrganisationId
  return { market, start, store, cast: () => cast(store, organisationId, ids) }
}

function cast(store: Store, organisationId: OrganisationId, models: readonly ModelId[]) {
  return store.transaction((trx) =>
    castVote(trx, {
      ...{ id: newId(), organisationId, league: 'practice', kind: 'votes' },
      ...{ battleId: newId(), raterId: newId() as unknown as SubjectId },
      ...{ left: models[0] as ModelId, right: models[1] as ModelId, choice: 'a' },
      ...{ prompt: null, slices: [], style: null, isShared: true, asideReason: null },
      castAt: new Date(),
    }),
  )
}

async function readBoard(market: Market) {
  const answer = await fetch(`${market.url}/api/boards/practice/overall`, {
    headers: { authorization: `Bearer ${market.ownerKey}` },
  })
  return (await answer.json()) as { votes?: number; version?: { number: number }; code?: string }
}

test('a vote that a killed market had not rated is on the board after the next start', async () => {
  const { market, start, cast } = await openWorld()
  for (let vote = 0; vote < 10; vote += 1) await cast()
  await expect.poll(async () => (await readBoard(market)).votes, { timeout: 10_000 }).toBe(10)
  await Promise.all([cast(), market.kill9()])
  const again = await start()
  await expect.poll(async () => (await readBoard(again)).votes, { timeout: 10_000 }).toBe(11)
}, 60_000)

test('a vote that another process commits is on the board within a second', async () => {
  const { market, cast } = await openWorld()
  await cast()
  await expect.poll(async () => (await readBoard(market)).votes, { timeout: 10_000 }).toBe(1)
  const beganMs = performance.now()
  await cast()
  await expect.poll(async () => (await readBoard(market)).votes, { interval: 10 }).toBe(2)
  expect(performance.now() - beganMs).toBeLessThan(3_000)
}, 60_000)
