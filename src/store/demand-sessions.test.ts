import { sql } from 'kysely'
import pg from 'pg'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { createEmptyDatabase } from '../../tests/support/database.ts'
import { openDatabaseProxy } from '../../tests/support/database-proxy.ts'
import { hasPgbouncer, openPooler, type PoolerOptions } from '../../tests/support/pgbouncer.ts'
import { silentLog } from '../kernel/index.ts'
import { inspectDatabase } from './inspect-database.ts'
import { openStore, type StoreOptions } from './open-store.ts'
import type { Store } from './types.ts'

const nameOf = (databaseUrl: string): string => /\/([^/?]+)\?/.exec(databaseUrl)?.[1] ?? ''
const optionsOf = (databaseUrl: string): StoreOptions => {
  const home = { path: '', databasePath: '', runPath: '' }
  return { home, databaseUrl, log: silentLog, onProgress: () => {} }
}
const open = (databaseUrl: string): Promise<Store> => openStore(optionsOf(databaseUrl))

async function ask(databaseUrl: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  const { rows } = await client.query(statement)
  await client.end()
  return rows
}

/** Nothing of Baimo's is in the database, and nobody holds its locks. */
async function expectUntouched(direct: string): Promise<void> {
  const rows = await ask(
    direct,
    `select to_regnamespace('baimo') as schema,
      (select count(*)::int from pg_class where relnamespace = 'public'::regnamespace) as tables,
      (select count(*)::int from pg_locks l join pg_database d on d.oid = l.database
        where l.locktype = 'advisory' and d.datname = current_database()) as locks`,
  )
  expect(rows).toEqual([{ schema: null, tables: 0, locks: 0 }])
}

it('refuses a way on which no announcement is heard, before anything is made there', async () => {
  const direct = await createEmptyDatabase()
  const proxy = await openDatabaseProxy(inject('postgresHost'))
  onTestFinished(() => proxy.close())
  proxy.dropNotifications()
  await expect(open(proxy.url(nameOf(direct)))).rejects.toMatchObject({
    code: 'store_pooler_unfit',
    message: expect.stringContaining('session mode'),
  })
  await expectUntouched(direct)
}, 15_000)

/** No other test needs it, so nothing installs it. */
const title = hasPgbouncer ? 'PgBouncer' : 'PgBouncer (try it: apt-get install pgbouncer)'

describe.skipIf(!hasPgbouncer)(title, () => {
  async function openBehind(options: Omit<PoolerOptions, 'host'>) {
    const direct = await createEmptyDatabase()
    const pooler = await openPooler({ ...options, host: inject('postgresHost') })
    onTestFinished(() => pooler.close())
    return { direct, behind: pooler.url(nameOf(direct)) }
  }

  it.each(['transaction', 'statement'] as const)(
    'in %s mode is refused, and nothing is left in it or behind it',
    async (mode) => {
      const { direct, behind } = await openBehind({ mode })
      // A connection that others used and gave back: the next is given the same.
      const pid = await ask(behind, 'select pg_backend_pid() as pid')
      for (let count = 0; count < 3; count += 1)
        await expect(open(behind)).rejects.toMatchObject({
          code: 'store_pooler_unfit',
          message: expect.stringContaining('session mode'),
        })
      await expect(inspectDatabase(optionsOf(behind))).rejects.toMatchObject({
        code: 'store_pooler_unfit',
      })
      await expectUntouched(direct)
      const left = `select current_setting('search_path') as path, pg_backend_pid() as pid,
        current_setting('lock_timeout') as lock, array(select pg_listening_channels()) as heard`
      expect(await ask(behind, left)).toEqual([
        { ...Object(pid[0]), path: '"$user", public', lock: '0', heard: [] },
      ])
      const store = await open(direct) // the way that is fit is free at once
      await store.close()
    },
    30_000,
  )

  it('in session mode is as good as PostgreSQL itself', async () => {
    const { behind } = await openBehind({ mode: 'session' })
    const stores = await Promise.all([open(behind), open(behind)])
    const [one, other] = stores
    const heard = Promise.withResolvers<string>()
    other.changes.listen('probe', { onChange: heard.resolve, onGap: () => {} })
    await one.transaction((trx) => one.changes.announce(trx, 'probe', 'by the pooler'))
    expect(await heard.promise).toBe('by the pooler')
    const { rows } = await sql<{ path: string }>`
      select current_setting('search_path') as path`.execute(one.db)
    expect(rows).toEqual([{ path: 'baimo' }])
    await Promise.all(stores.map((store) => store.close()))
    expect(await ask(behind, "select current_setting('search_path') as path")).toEqual([
      { path: '"$user", public' },
    ])
  }, 30_000)

  it('that gives no second connection is refused in words that say so', async () => {
    const { direct, behind } = await openBehind({ mode: 'session', size: 1 })
    await expect(open(behind)).rejects.toMatchObject({
      code: 'store_pooler_unfit',
      message: expect.stringContaining('no second connection'),
    })
    await expectUntouched(direct)
  }, 30_000)
})
