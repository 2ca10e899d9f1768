import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { describeOnEveryServer } from '../../tests/support/database.ts'
import { refuseOld } from './store.ts'

type Notes = { notes: { id: number; text: string } }

it('refuses a server older than PostgreSQL 15 and takes any later one', () => {
  expect(() => refuseOld(140_019, '14.19')).toThrowError(
    expect.objectContaining({ code: 'store_database_too_old' }),
  )
  expect(() => refuseOld(150_000, '15.0')).not.toThrow()
})

describeOnEveryServer('a store', (openStore) => {
  it('keeps what a transaction wrote when it resolves, and nothing when it throws', async () => {
    const store = await openStore()
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

  it('gives each caller a database of its own', async () => {
    const [first, second] = await Promise.all([openStore(), openStore()])
    await sql`create table only_here (id int)`.execute(first.db)
    await expect(sql`select * from only_here`.execute(second.db)).rejects.toThrow('does not exist')
    await Promise.all([first.close(), second.close()])
  })

  it('says its version, and whether it is healthy until it is closed', async () => {
    const store = await openStore()
    expect(Number.parseInt(await store.serverVersion(), 10)).toBeGreaterThanOrEqual(15)
    expect(await store.isHealthy()).toBe(true)
    await store.close()
    expect(await store.isHealthy()).toBe(false)
    await store.close()
  })
})
