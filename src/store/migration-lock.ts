// edge: talks to PostgreSQL
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { refuse } from './errors.ts'

/** Any number, the same in every version: all replicas must queue for one lock. */
export const MIGRATION_LOCK = 7_302_026_001
/** Longer than any one migration should take. */
const LOCK_LIMIT_MS = 600_000
const LOOK_EVERY_MS = 100
const TELL_EVERY_MS = 10_000

export interface LockOptions {
  /** Told who is waited for, at once and every ten seconds. */
  readonly onProgress: (text: string) => void
  /** How long another may hold the lock; absent: ten minutes. */
  readonly lockLimitMs?: number
}

/**
 * Runs `work` in a transaction that holds the lock: it goes with the transaction, whatever comes.
 * Refuses with `store_migration_locked`; what `work` throws passes, also where the connection that
 * ran it is gone.
 */
export async function inMigrationLock<T>(
  client: pg.ClientBase,
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  await beginLocked(client, options)
  try {
    const result = await work()
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => {}) // a lost connection has rolled back by itself
    throw error
  }
}

/** Asks again and again: who waits in a statement could not say what for. */
async function beginLocked(client: pg.ClientBase, options: LockOptions): Promise<void> {
  const limitMs = options.lockLimitMs ?? LOCK_LIMIT_MS
  for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
    // What the holder commits must be seen once the lock is ours, whatever the database's default.
    await client.query('begin isolation level read committed')
    const tried = 'select pg_try_advisory_xact_lock($1) as is_ours'
    const { rows } = await client.query(tried, [MIGRATION_LOCK])
    if (rows[0].is_ours) return
    const isLate = waitedMs >= limitMs
    const holder = isLate || waitedMs % TELL_EVERY_MS === 0 ? await holderOf(client) : null
    await client.query('rollback')
    if (isLate) throw lockedBy(holder, waitedMs)
    if (holder !== null)
      options.onProgress(`another migrates the database: waiting for ${describe(holder)}`)
    await sleep(LOOK_EVERY_MS)
  }
}

/** A connection, as PostgreSQL knows it. */
interface Holder {
  readonly pid: number
  readonly name: string | null
  readonly address: string | null
}

function describe({ pid, name, address }: Holder): string {
  const from = address === null ? '' : ` from ${address}`
  return `its process ${pid} (${name || 'without a name'}${from})`
}

function lockedBy(holder: Holder | null, waitedMs: number): Error {
  const advice =
    holder === null
      ? 'Start again.'
      : `${describe(holder)} has it. If that one does not end by itself: select pg_terminate_backend(${holder.pid})`
  return refuse(
    'store_migration_locked',
    `The database's lock of migrations was not free for ${Math.round(waitedMs / 1_000)} s: ${advice}`,
  )
}

/** Who has the lock now; null: nobody, any more. */
async function holderOf(client: pg.ClientBase): Promise<Holder | null> {
  const { rows } = await client.query<Holder>(
    `select l.pid, a.application_name as name, host(a.client_addr) as address
      from pg_locks l left join pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'advisory' and l.granted and l.objsubid = 1
        and (l.classid::bigint << 32) + l.objid::bigint = $1
        and l.database = (select oid from pg_database where datname = current_database())`,
    [MIGRATION_LOCK],
  )
  return rows[0] ?? null
}
