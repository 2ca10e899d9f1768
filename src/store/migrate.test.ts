import pg from 'pg'
import { expect, it } from 'vitest'
import { createTestDatabase, describeOnEveryServer } from '../../tests/support/database.ts'
import { checksumOf, migrate, pendingMigrations } from './migrate.ts'
import { migrations } from './migrations/index.ts'
import type { Migration, Store } from './types.ts'

const one: Migration = { name: '0001-one', sql: 'create table a (id int); create table b (id int)' }
const two: Migration = { name: '0002-two', sql: 'alter table a add column text text' }
const rowOf = (migration: Migration) => ({
  name: migration.name,
  checksum: checksumOf(migration),
})

it('applies what is left, in order', () => {
  expect(pendingMigrations([], [one, two])).toEqual([one, two])
  expect(pendingMigrations([rowOf(one)], [one, two])).toEqual([two])
  expect(pendingMigrations([rowOf(one), rowOf(two)], [one, two])).toEqual([])
})

it('refuses a database that a newer version migrated', () => {
  expect(() => pendingMigrations([rowOf(one), rowOf(two)], [one])).toThrowError(
    expect.objectContaining({ code: 'store_database_newer' }),
  )
})

it.each([
  ['its text changed', [{ ...rowOf(one), checksum: 'other' }]],
  ['one before it is not applied', [rowOf(two)]],
])('refuses an applied migration when %s', (_case, applied) => {
  expect(() => pendingMigrations(applied, [one, two])).toThrowError(
    expect.objectContaining({ code: 'store_migration_changed' }),
  )
})

it('lists migrations by number, each once', () => {
  const names = migrations.map((migration) => migration.name)
  expect(names).toEqual([...new Set(names)].sort())
  for (const name of names) expect(name).toMatch(/^\d{4}-[a-z-]+$/)
})

describeOnEveryServer('migrating', (openStore) => {
  const clientOf = async (store: Store): Promise<pg.PoolClient> => {
    const client = await store.pool.connect()
    await client.query('drop schema baimo cascade')
    return client
  }

  it('keeps nothing of a migration that fails, and what came before it', async () => {
    const store = await openStore()
    const client = await clientOf(store)
    const bad = { name: '0002-bad', sql: 'create table c (id int); select no_such_column from a' }
    await expect(migrate(client, [one, bad], () => {})).rejects.toMatchObject({
      code: 'store_migration_failed',
      message: expect.stringContaining('no_such_column'),
    })
    const { rows } = await client.query("select to_regclass('a') as a, to_regclass('c') as c")
    expect(rows).toEqual([{ a: 'a', c: null }])
    expect(await migrate(client, [one, two], () => {})).toEqual(['0002-two'])
    client.release()
    await store.close()
  })

  it('applies each migration once when several start at the same time', async () => {
    const store = await openStore()
    const clients = [await clientOf(store), await store.pool.connect(), await store.pool.connect()]
    const applied = await Promise.all(
      clients.map((client) => migrate(client, [one, two], () => {})),
    )
    expect(applied.flat().sort()).toEqual(['0001-one', '0002-two'])
    for (const client of clients) client.release()
    await store.close()
  })
})

it('is done at once on a database that is up to date', async () => {
  const client = new pg.Client(await createTestDatabase())
  await client.connect()
  expect(await migrate(client, migrations, () => expect.unreachable())).toEqual([])
  await client.end()
})
