import { sql } from 'kysely'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { createTestDatabase, describeOnEveryServer } from '../../tests/support/database.ts'
import { silentLog } from '../kernel/index.ts'
import { openStore } from './open-store.ts'
import { refuseOld } from './store.ts'
import type { Store } from './types.ts'

type Notes = { notes: { id: number; text: string } }

it('refuses a server older than PostgreSQL 15 and takes any later one', () => {
  expect(() => refuseOld(140_019, '14.19')).toThrowError(
    expect.objectContaining({ code: 'store_database_too_old' }),
  )
  expect(() => refuseOld(150_000, '15.0')).not.toThrow()
})

describeOnEveryServer('a store', (openStoreHere) => {
  it('keeps what a transaction wrote when it resolves, and nothing when it throws', async () => {
    const store = await openStoreHere()
    await sql`create table notes (id int primary key, text text not null)`.execute(store.db)
    const db = store.db.withTables<Notes>()
    await store.transaction((trx) =>
      trx.withTables<Notes>().insertInto('notes').values({ id: 1, text: 'kept' }).execute(),
    )
    const failing = store.transaction(async (trx) => {
      await trx.withTables<Notes>().insertInto('notes').values({ id: 2, text: 'lost' }).execute()
      throw new Error('the work failed')
    })
    await expect(failing).rejects.toThrow('the work failed')
    expect(await db.selectFrom('notes').selectAll().execute()).toEqual([{ id: 1, text: 'kept' }])
    await store.close()
  })

  it('ends what takes too long, on every connection', async () => {
    const store = await openStoreHere()
    const show = `select current_setting('statement_timeout') as statement,
      current_setting('lock_timeout') as lock, current_setting('search_path') as path`
    for (const pool of [store.pool, store.commitPool])
      expect((await pool.query(show)).rows).toEqual([
        { statement: '30s', lock: '10s', path: 'baimo' },
      ])
    await store.close()
  })

  it('gives each caller a database of its own', async () => {
    const [first, second] = await Promise.all([openStoreHere(), openStoreHere()])
    await sql`create table only_here (id int)`.execute(first.db)
    await expect(sql`select * from only_here`.execute(second.db)).rejects.toThrow('does not exist')
    await Promise.all([first.close(), second.close()])
  })

  it('says its version, and whether it is healthy until it is closed', async () => {
    const store = await openStoreHere()
    expect(Number.parseInt(await store.serverVersion(), 10)).toBeGreaterThanOrEqual(15)
    expect(await store.isHealthy()).toBe(true)
    await store.close()
    expect(await store.isHealthy()).toBe(false)
    await store.close()
  })
})

describe('a store whose database goes away', () => {
  const openOn = async (lines: string[]) => {
    const write = (_fields: object, message: string) => void lines.push(message)
    return openStore({
      home: { path: '', databasePath: '', runPath: '' },
      databaseUrl: await createTestDatabase(),
      log: { ...silentLog, info: write, error: write },
      onProgress: () => {},
    })
  }
  const endOthers = (store: Store) =>
    store.pool.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    )

  it('refuses what ran, so that it is tried again, says so once and goes on', async () => {
    const lines: string[] = []
    const store = await openOn(lines)
    const running = [1, 2].map(() => sql`select pg_sleep(5)`.execute(store.db))
    const inside = store.transaction((trx) => sql`select pg_sleep(5)`.execute(trx))
    const outcomes = Promise.allSettled([...running, inside])
    await expect
      .poll(async () => {
        const { rows } = await store.pool.query(
          "select count(*)::int as count from pg_stat_activity where datname = current_database() and query = 'select pg_sleep(5)'",
        )
        return rows[0].count
      })
      .toBe(3)
    await endOthers(store)
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { name: 'Refusal', code: 'store_database_away', isRetryable: true },
      })
    expect(lines).toEqual(['the database does not answer'])
    const isBack = () =>
      sql`select 1`.execute(store.db).then(
        () => true,
        () => false,
      )
    await expect.poll(isBack).toBe(true) // idle connections hear late that they were ended
    expect(lines.at(-1)).toBe('the database answers again')
    await store.close()
  })

  it('loses no process with a connection that somebody holds', async () => {
    const store = await openOn([])
    const held = await store.commitPool.connect()
    await endOthers(store)
    await expect(held.query('select 1')).rejects.toThrow()
    held.release(true)
    await store.close()
  })

  it('commits usage while everything else waits for a connection', async () => {
    const store = await openOn([])
    const held = await Promise.all(Array.from({ length: 16 }, () => store.pool.connect()))
    expect((await store.commitPool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    for (const client of held) client.release()
    await store.close()
  })
})

it('keeps its tables in a schema of its own, beside those of others', async () => {
  const databaseUrl = await createTestDatabase()
  const other = new pg.Client(databaseUrl)
  await other.connect()
  await other.query('drop schema baimo cascade') // as it was before Baimo
  await other.query('create table public.people (id int)')
  await other.query('create table public.migrations (id int)')
  const store = await openStore({
    home: { path: '', databasePath: '', runPath: '' },
    databaseUrl,
    log: silentLog,
    onProgress: () => {},
  })
  expect((await store.pool.query('select name from people')).rows).toEqual([])
  expect((await other.query('select * from public.people')).rows).toEqual([])
  await store.close()
  await other.end()
})
