// edge: talks to PostgreSQL

import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { refuse } from './errors.ts'
import { inMigrationLock, type LockOptions } from './migration-lock.ts'
import { SCHEMA } from './schema.ts'
import type { Migration } from './types.ts'

/** Statements wait behind whoever waits for a lock on a table: so a migration never waits long. */
const LOCK_LIMIT_MS = 2_000
const LOCK_PAUSE_MS = 500
const LOCK_TRIES = 30
const LOCK_NOT_AVAILABLE = '55P03'

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

/**
 * Brings the database of `client` to the last of `migrations`, each in a transaction of its own
 * that holds the lock of all: nothing of it outlives the transaction, so the connection is left as
 * it was. Where a newer version only expanded the schema there is nothing to do. Refuses with
 * `store_database_newer`, `store_migration_changed`, `store_migration_unknown`,
 * `store_migration_locked`, `store_migration_failed`.
 */
export async function migrate(
  client: pg.ClientBase,
  migrations: readonly Migration[],
  options: LockOptions,
): Promise<Migrated> {
  const applied: string[] = []
  let plan = planMigrations(await findApplied(client), migrations)
  if (plan.pending.length > 0)
    options.onProgress(`migrating the database: ${plan.pending.length} to apply`)
  while (plan.pending.length > 0) {
    const done = await applyNext(client, migrations, options)
    if (done !== null) applied.push(done)
    plan = planMigrations(await findApplied(client), migrations)
  }
  return { applied, newer: plan.newer }
}

/** The names of what `migrate` would apply now. Changes nothing; refuses as `migrate` does. */
export async function findPending(
  client: pg.ClientBase,
  migrations: readonly Migration[],
): Promise<string[]> {
  return planMigrations(await findApplied(client), migrations).pending.map(({ name }) => name)
}

/**
 * What is left to apply. What was applied must be the beginning of what we know, or all of it and
 * more: a newer version's, which may only have expanded the schema.
 */
export function planMigrations(applied: readonly AppliedRow[], known: readonly Migration[]): Plan {
  for (const [index, row] of applied.slice(0, known.length).entries()) {
    const migration = known[index]
    if (migration?.name === row.name && checksumOf(migration) === row.checksum) continue
    throw refuseForeign(row.name, known, index)
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

/** What the database applied at `index` is none of ours, or not what we have by that name. */
function refuseForeign(name: string, known: readonly Migration[], index: number): Error {
  if (known[index]?.name === name)
    return refuse(
      'store_migration_changed',
      `Migration ${name} is not what this database applied: its text was changed since. Restore it.`,
    )
  if (known.some((migration) => migration.name === name))
    return refuse(
      'store_migration_changed',
      `This database applied ${name} before ${known[index]?.name}: the order was changed since. Restore it.`,
    )
  return refuse(
    'store_migration_unknown',
    `This database applied ${name}, which this Baimo does not know: a changed or unreleased one was here. Start that one again, or give this one a database of its own.`,
  )
}

async function findApplied(client: pg.ClientBase): Promise<readonly AppliedRow[]> {
  const { rows } = await client.query(
    `select to_regclass('${SCHEMA}.migrations') is not null as is_there`,
  )
  return rows[0].is_there ? listApplied(client) : []
}

/** Made only when it is missing: whoever owns the database may have made it for us, and no more. */
async function enterSchema(client: pg.ClientBase): Promise<void> {
  const found = await client.query('select to_regnamespace($1) is not null as is_there', [SCHEMA])
  if (!found.rows[0].is_there) await client.query(`create schema ${SCHEMA}`)
  await client.query(`set local search_path to ${SCHEMA}`)
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
async function applyNext(
  client: pg.ClientBase,
  migrations: readonly Migration[],
  options: LockOptions,
): Promise<string | null> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await inMigrationLock(client, options, () => applyFirst(client, migrations))
    } catch (error) {
      const isLocked =
        error instanceof FailedMigration && error.code === LOCK_NOT_AVAILABLE && tries < LOCK_TRIES
      if (!isLocked) throw error instanceof FailedMigration ? error.asRefusal() : error
      await sleep(LOCK_PAUSE_MS)
    }
  }
}

/** The name of what it applied; null: another was faster, and nothing is left. */
async function applyFirst(
  client: pg.ClientBase,
  migrations: readonly Migration[],
): Promise<string | null> {
  await enterSchema(client)
  const [migration] = planMigrations(await readApplied(client), migrations).pending
  if (migration === undefined) return null
  const { name, sql, kind } = migration
  try {
    await client.query(`set local lock_timeout = ${LOCK_LIMIT_MS}`)
    await client.query(sql)
  } catch (error) {
    throw new FailedMigration(name, error)
  }
  await client.query(
    `insert into ${SCHEMA}.migrations (name, checksum, kind) values ($1, $2, $3)`,
    [name, checksumOf(migration), kind ?? null],
  )
  return name
}

/** What a migration's own statements threw. */
class FailedMigration extends Error {
  readonly #name: string

  constructor(name: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.#name = name
  }

  /** SQLSTATE; absent where it is none of PostgreSQL's. */
  get code(): unknown {
    const { cause } = this
    return cause instanceof Error && 'code' in cause ? cause.code : undefined
  }

  asRefusal(): Error {
    const message = `Migration ${this.#name} failed: ${this.message}`
    return refuse('store_migration_failed', message, { cause: this.cause })
  }
}
