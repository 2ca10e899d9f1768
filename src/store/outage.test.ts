import { sql } from 'kysely'
import pg from 'pg'
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { createTestDatabase } from '../../tests/support/database.ts'
import { type DatabaseProxy, openDatabaseProxy } from '../../tests/support/database-proxy.ts'
import { silentLog } from '../kernel/index.ts'
import { openStore } from './open-store.ts'
import type { Store } from './types.ts'

const nameOf = (databaseUrl: string): string => /\/([^/?]+)\?/.exec(databaseUrl)?.[1] ?? ''
const open = (databaseUrl: string): Promise<Store> => {
  const home = { path: '', databasePath: '', runPath: '' }
  return openStore({ home, databaseUrl, log: silentLog, onProgress: () => {} })
}

/** A proxy before the run's own server, and the address of a fresh database behind it. */
async function openProxy(): Promise<{ proxy: DatabaseProxy; behind: string; direct: string }> {
  const direct = await createTestDatabase()
  const proxy = await openDatabaseProxy(inject('postgresHost'))
  onTestFinished(() => proxy.close())
  return { proxy, direct, behind: proxy.url(nameOf(direct)) }
}

async function openBehindProxy(): Promise<{ proxy: DatabaseProxy; store: Store }> {
  const { proxy, behind } = await openProxy()
  const store = await open(behind)
  onTestFinished(() => store.close())
  return { proxy, store }
}

async function timed<T>(work: Promise<T>): Promise<{ tookMs: number; code: unknown }> {
  const beganMs = performance.now()
  const code = await work.then(
    () => null,
    (error: { code?: unknown }) => error.code ?? 'unknown',
  )
  return { tookMs: performance.now() - beganMs, code }
}

const look = (store: Store) => sql`select 1`.execute(store.db)
const untilBack = (store: Store) =>
  vi.waitFor(
    async () => {
      await look(store)
      await store.commitPool.query('select 1')
      expect(store.changes.isHearing).toBe(true)
    },
    { timeout: 6_000, interval: 20 },
  )

describe('a way to the database that is cut without a word', () => {
  it('is found out in a few seconds, then told at once, and forgotten when it is back', async () => {
    const { proxy, store } = await openBehindProxy()
    await look(store)
    await store.commitPool.query('select 1')
    proxy.set('black-hole')
    const [read, commit] = await Promise.all([
      timed(look(store)),
      timed(store.commitPool.query('select 1')),
    ])
    expect(read.code).toBe('store_database_away')
    expect(read.tookMs).toBeLessThan(5_000)
    expect(commit.code).not.toBeNull()
    expect(commit.tookMs).toBeLessThan(5_000)
    expect(store.changes.isHearing).toBe(false)
    const later = await timed(look(store))
    expect(later.code).toBe('store_database_away')
    expect(later.tookMs).toBeLessThan(100)
    expect(await store.isHealthy()).toBe(false)
    proxy.set('pass')
    await untilBack(store)
  })

  it('keeps no store from closing', async () => {
    const { proxy, behind } = await openProxy()
    const store = await open(behind)
    await look(store)
    proxy.set('black-hole')
    const running = timed(look(store))
    expect((await timed(store.close())).tookMs).toBeLessThan(5_000)
    expect((await running).code).toBe('store_database_away')
  })

  it('refuses a start in one clear line, in a quarter of a minute', async () => {
    const { proxy, behind } = await openProxy()
    proxy.set('black-hole')
    const starting = open(behind)
    await expect(starting).rejects.toMatchObject({
      code: 'store_database_unreachable',
      message: expect.not.stringContaining('\n'),
    })
  }, 15_000)
})

describe('a database that refuses', () => {
  it('is told at once, and found again', async () => {
    const { proxy, store } = await openBehindProxy()
    await look(store)
    proxy.set('refuse')
    for (let count = 0; count < 3; count++) {
      const { code, tookMs } = await timed(look(store))
      expect(code).toBe('store_database_away')
      expect(tookMs).toBeLessThan(1_000)
    }
    proxy.set('pass')
    await untilBack(store)
  })

  it('is away where its password, its name or its certificate is another by now', async () => {
    const { store } = await openBehindProxy()
    const client = await store.pool.connect()
    const name = (await client.query('select current_database() as name')).rows[0].name
    const admin = new pg.Client({
      host: inject('postgresHost'),
      user: 'baimo',
      database: 'postgres',
    })
    await admin.connect()
    await admin.query(`alter database ${name} allow_connections false`)
    await admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
    )
    client.release(true)
    await vi.waitFor(async () =>
      expect((await timed(look(store))).code).toBe('store_database_away'),
    )
    await admin.query(`alter database ${name} allow_connections true`)
    await admin.end()
    await untilBack(store)
  })
})

describe('a statement that has to wait for too long', () => {
  it('may be tried again', async () => {
    const { store } = await openBehindProxy()
    const waiting = store.transaction(async (trx) => {
      await sql`set local statement_timeout = 50`.execute(trx)
      await sql`select pg_sleep(5)`.execute(trx)
    })
    await expect(waiting).rejects.toMatchObject({
      code: 'store_database_busy',
      kind: 'unavailable',
      retryAfterSeconds: 2,
    })
  })
})

describe('a database that takes no writes', () => {
  it('refuses a start', async () => {
    const { direct, behind } = await openProxy()
    const client = new pg.Client(direct)
    await client.connect()
    await client.query(`alter database ${nameOf(direct)} set default_transaction_read_only = on`)
    await client.end()
    await expect(open(behind)).rejects.toMatchObject({
      code: 'store_database_read_only',
      message: expect.stringContaining('primary'),
    })
  })

  it('refuses changes, answers what is only read, and is well again by itself', async () => {
    const { store } = await openBehindProxy()
    const name = (await store.pool.query('select current_database() as name')).rows[0].name
    const admin = new pg.Client({
      host: inject('postgresHost'),
      user: 'baimo',
      database: 'postgres',
    })
    await admin.connect()
    const setReadOnly = async (isOn: boolean): Promise<void> => {
      await admin.query(`alter database ${name} set default_transaction_read_only = ${isOn}`)
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
      )
    }
    await setReadOnly(true)
    const write = () => sql`create table later (id int)`.execute(store.db)
    await vi.waitFor(
      async () => expect((await timed(write())).code).toBe('store_database_read_only'),
      { timeout: 3_000 },
    )
    await vi.waitFor(() => look(store), { timeout: 3_000 })
    await setReadOnly(false)
    await untilBack(store)
    await write()
    await admin.end()
  })
})
