import pg from 'pg'
import { expect, it } from 'vitest'
import { createTestDatabase, describeOnEveryServer } from '../../tests/support/database.ts'
import { silentLog } from '../kernel/index.ts'
import { checksumOf, migrate, planMigrations } from './migrate.ts'
import { MIGRATION_LOCK } from './migration-lock.ts'
import { migrations } from './migrations/index.ts'
import { openStore } from './open-store.ts'
import type { Migration, Store } from './types.ts'

const one: Migration = { name: '0001-one', sql: 'create table a (id int); create table b (id int)' }
const two: Migration = {
  name: '0002-two',
  kind: 'expand',
  sql: 'alter table a add column text text',
}
const three: Migration = { name: '0003-three', kind: 'contract', sql: 'drop table b' }
const quiet = { onProgress: () => {} }
const rowOf = (migration: Migration) => ({
  name: migration.name,
  checksum: checksumOf(migration),
  kind: migration.kind ?? null,
})

it('applies what is left, in order', () => {
  expect(planMigrations([], [one, two])).toEqual({ pending: [one, two], newer: [] })
  expect(planMigrations([rowOf(one)], [one, two])).toEqual({ pending: [two], newer: [] })
  expect(planMigrations([rowOf(one), rowOf(two)], [one, two])).toEqual({ pending: [], newer: [] })
})

it('runs beside a newer version that has only expanded the schema', () => {
  const plan = planMigrations([rowOf(one), rowOf(two)], [one])
  expect(plan).toEqual({ pending: [], newer: ['0002-two'] })
})

it.each([
  ['has taken something away', [rowOf(one), rowOf(two), rowOf(three)]],
  ['did not say what it did', [rowOf(one), { ...rowOf(two), kind: null }]],
])('refuses a database where a newer version %s', (_case, applied) => {
  expect(() => planMigrations(applied, [one])).toThrowError(
    expect.objectContaining({ code: 'store_database_newer' }),
  )
})

it.each([
  ['its text changed', [{ ...rowOf(one), checksum: 'other' }], 'changed', 'its text was changed'],
  ['one before it is not applied', [rowOf(two)], 'changed', '0002-two before 0001-one'],
  [
    'nobody here knows it',
    [rowOf(one), { ...rowOf(two), name: '0002-a-branch' }],
    'unknown',
    'applied 0002-a-branch, which this Baimo does not know',
  ],
])('refuses an applied migration when %s', (_case, applied, code, words) => {
  expect(() => planMigrations(applied, [one, two])).toThrowError(
    expect.objectContaining({
      code: `store_migration_${code}`,
      message: expect.stringContaining(words),
    }),
  )
})

it('says of each migration since the first release whether the version before may go on', () => {
  const since = migrations.filter(({ name }) => name > '0005')
  for (const { name, kind } of since) expect(kind, name).toMatch(/^(expand|contract)$/)
  const takesAway =
    /\b(drop\s+(table|column|view|function|type)|rename|truncate|set\s+not\s+null)\b/i
  for (const { name, sql } of since.filter(({ kind }) => kind === 'expand'))
    expect(sql, name).not.toMatch(takesAway)
})

it('lists migrations by number, each once', () => {
  const names = migrations.map((migration) => migration.name)
  expect(names).toEqual([...new Set(names)].sort())
  for (const name of names) expect(name).toMatch(/^\d{4}-[a-z-]+$/)
})

describeOnEveryServer('migrating', (openStoreHere) => {
  const clientOf = async (store: Store): Promise<pg.PoolClient> => {
    const client = await store.pool.connect()
    await client.query('drop schema baimo cascade')
    return client
  }

  it('keeps nothing of a migration that fails, and what came before it', async () => {
    const store = await openStoreHere()
    const client = await clientOf(store)
    const bad = { name: '0002-bad', sql: 'create table c (id int); select no_such_column from a' }
    await expect(migrate(client, [one, bad], quiet)).rejects.toMatchObject({
      code: 'store_migration_failed',
      message: expect.stringContaining('no_such_column'),
    })
    const { rows } = await client.query("select to_regclass('a') as a, to_regclass('c') as c")
    expect(rows).toEqual([{ a: 'a', c: null }])
    expect(await migrate(client, [one, two], quiet)).toMatchObject({ applied: ['0002-two'] })
    client.release()
    await store.close()
  })

  it('applies each migration once when several start at the same time', async () => {
    const store = await openStoreHere()
    const clients = [await clientOf(store), await store.pool.connect(), await store.pool.connect()]
    const applied = await Promise.all(
      clients.map((client) => migrate(client, [one, two], quiet)), // one lock for all of them
    )
    expect(applied.flatMap((found) => found.applied).sort()).toEqual(['0001-one', '0002-two'])
    for (const client of clients) client.release()
    await store.close()
  })

  it('lets the older of two versions start after the newer, until one takes something away', async () => {
    const store = await openStoreHere()
    const client = await clientOf(store)
    await migrate(client, [one, two], quiet)
    expect(await migrate(client, [one], quiet)).toEqual({ applied: [], newer: ['0002-two'] })
    await migrate(client, [one, two, three], quiet)
    await expect(migrate(client, [one, two], quiet)).rejects.toMatchObject({
      code: 'store_database_newer',
      message: expect.stringContaining('0003-three'),
    })
    client.release()
    await store.close()
  })

  it('goes on from a database whose table knows no kinds', async () => {
    const store = await openStoreHere()
    const client = await clientOf(store)
    await client.query(`create schema baimo; set search_path to baimo; create table migrations
      (name text primary key, checksum text not null, applied_at timestamptz not null default now())`)
    await client.query('insert into migrations values ($1, $2)', [one.name, checksumOf(one)])
    await client.query(one.sql)
    expect(await migrate(client, [one, two], quiet)).toMatchObject({ applied: ['0002-two'] })
    const { rows } = await client.query('select name, kind from migrations order by name')
    expect(rows).toEqual([
      { name: '0001-one', kind: null },
      { name: '0002-two', kind: 'expand' },
    ])
    client.release()
    await store.close()
  })

  it('leaves nothing behind on its connection', async () => {
    const store = await openStoreHere()
    const client = await clientOf(store)
    await client.query('set search_path to public')
    await migrate(client, [one, two], quiet)
    const { rows } = await client.query(
      `select current_setting('search_path') as path, to_regclass('public.migrations') as stray,
        (select count(*)::int from pg_locks where pid = pg_backend_pid() and locktype = 'advisory') as locks`,
    )
    expect(rows).toEqual([{ path: 'public', stray: null, locks: 0 }])
    client.release(true)
    await store.close()
  })

  it('says who it waits for, and gives up with words for what to do', async () => {
    const store = await openStoreHere()
    const [client, holder] = [await clientOf(store), await store.pool.connect()]
    const { rows } = await holder
      .query("set application_name = 'forgotten'; select pg_backend_pid() as pid")
      .then((results) => (Array.isArray(results) ? results[1] : results))
    await holder.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
    const said: string[] = []
    const options = { onProgress: (text: string) => void said.push(text), lockLimitMs: 300 }
    const pid = String(rows[0].pid)
    await expect(migrate(client, [one], options)).rejects.toMatchObject({
      code: 'store_migration_locked',
      message: expect.stringContaining(`pg_terminate_backend(${pid})`),
    })
    expect(said).toEqual([
      'migrating the database: 1 to apply',
      `another migrates the database: waiting for its process ${pid} (forgotten)`,
    ])
    const waiting = migrate(client, [one], quiet)
    await holder.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK])
    expect(await waiting).toMatchObject({ applied: ['0001-one'] })
    client.release()
    holder.release(true)
    await store.close()
  })

  it('tells why it failed when its connection is lost on the way', async () => {
    const store = await openStoreHere()
    const client = await clientOf(store)
    client.on('error', () => {}) // the statement throws it too
    const fatal = { name: '0001-fatal', sql: 'select pg_terminate_backend(pg_backend_pid())' }
    await expect(migrate(client, [fatal], quiet)).rejects.toMatchObject({
      code: 'store_migration_failed',
      message: expect.stringContaining('terminating connection due to administrator command'),
    })
    client.release(true)
    await store.close()
  })

  it('lets a statement pass that it would have to wait for', async () => {
    const store = await openStoreHere()
    const [client, reader] = [await clientOf(store), await store.pool.connect()]
    await migrate(client, [one], quiet)
    await reader.query('begin; select * from baimo.a')
    const migrating = migrate(client, [one, two], quiet)
    await expect
      .poll(async () => {
        const { rows } = await store.pool.query(
          "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
        )
        return rows.length
      })
      .toBe(1)
    const startedMs = performance.now()
    await store.pool.query('select * from baimo.a') // behind the migration, which gives way
    expect(performance.now() - startedMs).toBeLessThan(3_000)
    await reader.query('commit')
    expect(await migrating).toMatchObject({ applied: ['0002-two'] })
    client.release()
    reader.release()
    await store.close()
  })
})

it('says once at the start that a newer version has been here', async () => {
  const databaseUrl = await createTestDatabase()
  const warned: object[] = []
  const open = async (known: readonly Migration[]) => {
    const log = { ...silentLog, warn: (fields: object) => void warned.push(fields) }
    const home = { path: '', databasePath: '', runPath: '' }
    return openStore({ home, databaseUrl, log, onProgress: () => {}, migrations: known })
  }
  const later: Migration = {
    name: '9999-later',
    kind: 'expand',
    sql: 'create table later (id int)',
  }
  const newer = await open([...migrations, later])
  const older = await open(migrations)
  expect(warned).toEqual([{ migrations: ['9999-later'] }])
  expect((await older.pool.query('select count(*) from people')).rowCount).toBe(1)
  await Promise.all([newer.close(), older.close()])
})

it('is done at once on a database that is up to date', async () => {
  const client = new pg.Client(await createTestDatabase())
  await client.connect()
  const nothing = { applied: [], newer: [] }
  expect(await migrate(client, migrations, { onProgress: () => expect.unreachable() })).toEqual(
    nothing,
  )
  await client.end()
})
