import { expect, inject, it } from 'vitest'
import { createTestDatabase, databaseUrl as urlOf } from '../../tests/support/database.ts'
import { silentLog } from '../kernel/index.ts'
import { inspectDatabase } from './inspect-database.ts'

const home = { path: '', databasePath: '', runPath: '' }
const quiet = { home, log: silentLog, onProgress: () => {} }

it('tells the version of a database and that nothing is left to apply', async () => {
  const databaseUrl = await createTestDatabase()
  const facts = await inspectDatabase({ ...quiet, databaseUrl })
  expect(Number.parseInt(facts.serverVersion, 10)).toBeGreaterThanOrEqual(15)
  expect(facts.pending).toEqual([])
})

it('names what a start would apply, and applies none of it', async () => {
  const databaseUrl = urlOf(inject('postgresHost'), 'postgres') // no market ever used it
  for (let look = 0; look < 2; look++) {
    const facts = await inspectDatabase({ ...quiet, databaseUrl })
    expect(facts.pending).toContain('0001-people')
  }
})

it('says how to mend an address where no database answers', async () => {
  const looking = inspectDatabase({ ...quiet, databaseUrl: 'postgres://nobody@127.0.0.1:1/none' })
  await expect(looking).rejects.toThrowError(
    expect.objectContaining({ code: 'store_database_unreachable' }),
  )
})
