// edge: talks to PostgreSQL

import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { refuse } from './errors.ts'
import { SCHEMA } from './schema.ts'
import type { Migration } from './types.ts'

/** Any number, the same in every version: all replicas must queue for one lock. */
const MIGRATION_LOCK = 7_302_026_001

interface AppliedRow {
  readonly name: string
  readonly checksum: string
  /** Null: applied by a version that did not tell kinds apart. */
  readonly kind: string | null
}

/** What is to be done to a database, by what it has applied. */
export interface Plan {
  readonly pending: readonly Migration[]
  /** Names of those that a newer version applied, and beside which this one can run. */
  readonly newer: readonly string[]
}

/** What `migrate` found and did, by name. */
export interface Migrated {
  readonly applied: readonly string[]
  readonly newer: readonly string[]
}

/** Statements wait behind whoever waits for a lock on a table: so a migration never waits long. */
const LOCK_LIMIT_MS = 2_000
const LOCK_PAUSE_MS = 500
const LOCK_TRIES = 30
const LOCK_NOT_AVAILABLE = '55P03'

/**
 * Brings the database of `client` to the last of `migrations`, each in a transaction of its own,
 * all under one lock. Where a newer version only expanded the schema there is nothing to do.
 * Refuses with `store_database_newer`, `store_migration_changed`, `store_migration_failed`.
 */
export async function migrate(
  client: pg.ClientBase,
  migrations: readonly Migration[],
  onProgress: (text: string) => void,
): Promise<Migrated> {
  await takeLock(client, onProgress)
  try {
    await enterSchema(client)
    const { pending, newer } = planMigrations(await readApplied(client), migrations)
    if (pending.length > 0) onProgress(`migrating the database: ${pending.length} to apply`)
    for (const migration of pending) await applyInTurn(client, migration)
    return { applied: pending.map(({ name }) => name), newer }
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
  return planMigrations(applied, migrations).pending.map(({ name }) => name)
}

/**
 * What is left to apply. What was applied must be the beginning of what we know, or all of it and
 * more: a newer version's, which may only have expanded the schema.
 */
export function planMigrations(applied: readonly AppliedRow[], known: readonly Migration[]): Plan {
  for (const [index, row] of applied.slice(0, known.length).entries()) {
    const migration = known[index]
    if (migration?.name === row.name && checksumOf(migration) === row.checksum) continue
    throw refuse(
      'store_migration_changed',
      `Migration ${row.name} is not what this database applied. Restore its text and order.`,
    )
  }
  const newer = applied.slice(known.length)
  const narrowing = newer.find(({ kind }) => kind !== 'expand')
  if (narrowing !== undefined)
    throw refuse(
      'store_database_newer',
      `A newer Baimo migrated this database (${narrowing.name}). Start that version or a later one.`,
    )
  return { pending: known.slice(applied.length), newer: newer.map(({ name }) => name) }
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

async function takeLock(client: pg.ClientBase, onProgress: (text: string) => void): Promise<void> {
  const { rows } = await client.query('select pg_try_advisory_lock($1) as is_ours', [
    MIGRATION_LOCK,
  ])
  if (rows[0].is_ours) return
  onProgress('another Baimo looks after the database; waiting for it')
  await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
}

async function readApplied(client: pg.ClientBase): Promise<AppliedRow[]> {
  await client.query(`create table if not exists ${SCHEMA}.migrations (
    name text primary key,
    checksum text not null,
    applied_at timestamptz not null default now(),
    kind text
  )`)
  const applied = await listApplied(client)
  if (applied.length === 0 || applied.some(({ hasKind }) => !hasKind))
    await client.query(`alter table ${SCHEMA}.migrations add column if not exists kind text`)
  return applied
}

/** The table of versions before the kinds has no column for them, and nothing here adds it. */
async function listApplied(
  client: pg.ClientBase,
): Promise<(AppliedRow & { readonly hasKind: boolean })[]> {
  const { rows } = await client.query(
    `select name, checksum, to_jsonb(m) ->> 'kind' as kind, to_jsonb(m) ? 'kind' as "hasKind"
      from ${SCHEMA}.migrations as m order by name collate "C"`,
  )
  return rows
}

/** Again where it met a lock, so that nobody waits behind it for long. */
async function applyInTurn(client: pg.ClientBase, migration: Migration): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await apply(client, migration)
      return
    } catch (error) {
      const isLocked =
        error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE
      if (isLocked && tries < LOCK_TRIES) {
        await sleep(LOCK_PAUSE_MS)
        continue
      }
      const reason = error instanceof Error ? error.message : String(error)
      const message = `Migration ${migration.name} failed: ${reason}`
      throw refuse('store_migration_failed', message, { cause: error })
    }
  }
}

async function apply(client: pg.ClientBase, migration: Migration): Promise<void> {
  await client.query('begin')
  try {
    await client.query(`set local lock_timeout = ${LOCK_LIMIT_MS}`)
    await client.query(migration.sql)
    await client.query('insert into migrations (name, checksum, kind) values ($1, $2, $3)', [
      migration.name,
      checksumOf(migration),
      migration.kind ?? null,
    ])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}
