// edge: talks to PostgreSQL

import { createHash } from 'node:crypto'
import type pg from 'pg'
import { refuse } from './errors.ts'
import { SCHEMA } from './schema.ts'
import type { Migration } from './types.ts'

/** Any number, the same in every version: all replicas must queue for one lock. */
const MIGRATION_LOCK = 7_302_026_001

interface AppliedRow {
  readonly name: string
  readonly checksum: string
}

/**
 * Brings the database of `client` to the last of `migrations`, each in a transaction of its own,
 * all under one lock. Returns the names that it applied now.
 * Refuses with `store_database_newer`, `store_migration_changed`, `store_migration_failed`.
 */
export async function migrate(
  client: pg.ClientBase,
  migrations: readonly Migration[],
  onProgress: (text: string) => void,
): Promise<string[]> {
  await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
  try {
    await enterSchema(client)
    const pending = pendingMigrations(await readApplied(client), migrations)
    if (pending.length > 0) onProgress(`migrating the database: ${pending.length} to apply`)
    for (const migration of pending) await apply(client, migration)
    return pending.map((migration) => migration.name)
  } finally {
    await client.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK])
  }
}

/** The names of what `migrate` would apply now. Changes nothing; refuses as `migrate` does. */
export async function findPending(
  client: pg.ClientBase,
  migrations: readonly Migration[],
): Promise<string[]> {
  const { rows } = await client.query(
    `select to_regclass('${SCHEMA}.migrations') is not null as is_there`,
  )
  const applied: readonly AppliedRow[] = rows[0].is_there ? await listApplied(client) : []
  return pendingMigrations(applied, migrations).map(({ name }) => name)
}

/** What is left to apply, once what was applied is found to be the beginning of what we know. */
export function pendingMigrations(
  applied: readonly AppliedRow[],
  known: readonly Migration[],
): readonly Migration[] {
  const unknown = applied.find((row) => !known.some((migration) => migration.name === row.name))
  if (unknown !== undefined)
    throw refuse(
      'store_database_newer',
      `A newer Baimo migrated this database (${unknown.name}). Start that version or a later one.`,
    )
  for (const [index, row] of applied.entries()) {
    const migration = known[index]
    if (migration?.name !== row.name || checksumOf(migration) !== row.checksum)
      throw refuse(
        'store_migration_changed',
        `Migration ${row.name} is not what this database applied. Restore its text and order.`,
      )
  }
  return known.slice(applied.length)
}

/** SHA-256 of the text, in hexadecimal digits. */
export function checksumOf(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex')
}

/** Made only when it is missing: whoever owns the database may have made it for us, and no more. */
async function enterSchema(client: pg.ClientBase): Promise<void> {
  const found = await client.query('select to_regnamespace($1) is not null as is_there', [SCHEMA])
  if (!found.rows[0].is_there) await client.query(`create schema ${SCHEMA}`)
  await client.query(`set search_path to ${SCHEMA}`)
}

async function readApplied(client: pg.ClientBase): Promise<AppliedRow[]> {
  await client.query(`create table if not exists ${SCHEMA}.migrations (
    name text primary key,
    checksum text not null,
    applied_at timestamptz not null default now()
  )`)
  return listApplied(client)
}

async function listApplied(client: pg.ClientBase): Promise<AppliedRow[]> {
  const { rows } = await client.query<AppliedRow>(
    `select name, checksum from ${SCHEMA}.migrations order by name collate "C"`,
  )
  return rows
}

async function apply(client: pg.ClientBase, migration: Migration): Promise<void> {
  await client.query('begin')
  try {
    await client.query(migration.sql)
    await client.query('insert into migrations (name, checksum) values ($1, $2)', [
      migration.name,
      checksumOf(migration),
    ])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    const reason = error instanceof Error ? error.message : String(error)
    throw refuse('store_migration_failed', `Migration ${migration.name} failed: ${reason}`, {
      cause: error,
    })
  }
}
