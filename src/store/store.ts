import { CompiledQuery, Kysely, sql } from 'kysely'
import type pg from 'pg'
import { assert, type Log } from '../kernel/index.ts'
import { demandSessions } from './demand-sessions.ts'
import type { DiskRoom } from './disk-room.ts'
import { refuse } from './errors.ts'
import { migrate } from './migrate.ts'
import { openChanges } from './open-changes.ts'
import { newClient, openPool } from './open-pool.ts'
import { shareFor } from './share-for.ts'
import { trackSockets } from './sockets.ts'
import type { Migration, Store } from './types.ts'
import { watchSilence } from './watch-silence.ts'
import { WatchfulDialect, watchDatabase } from './watchful-dialect.ts'

const OLDEST_VERSION = 150_000
const HEALTH_LIMIT_MS = 2_000
/** How long one answer about the database's health is good for. */
const HEALTH_SHARED_MS = 1_000

/** Most connections for everything but the commit of usage, which has its own. */
const MAX_CONNECTIONS = 16
const MAX_COMMIT_CONNECTIONS = 2
/** How long what still runs may take when the store closes: nobody waits for an answer by then. */
const GOODBYE_LIMIT_MS = 2_000

export interface ConnectOptions {
  readonly kind: Store['kind']
  readonly connection: pg.ClientConfig
  readonly migrations: readonly Migration[]
  readonly log: Log
  readonly onProgress: (text: string) => void
  /** The room on the database's disk. */
  readonly room: DiskRoom
  /** Runs after the pool is closed. */
  readonly afterClose: () => Promise<void>
}

/**
 * Checks the server and the way to it, brings the schema up to date and opens the pool.
 * Refuses with the codes of `migrate`, `store_database_too_old`, `store_database_read_only` and
 * `store_pooler_unfit`; errors of the connection pass.
 */
export async function connectStore(options: ConnectOptions): Promise<Store> {
  await prepare(options)
  const { log, room } = options
  const sockets = trackSockets()
  const silence = watchSilence(sockets)
  const connection = { ...options.connection, stream: sockets.open }
  const changes = await openChanges({ ...options, onLook: silence.looked })
  const pool = openPool({ connection, log, max: MAX_CONNECTIONS })
  const commitPool = openPool({ connection, log, max: MAX_COMMIT_CONNECTIONS })
  const watch = watchDatabase({ log, room, isSilent: () => silence.isSilent })
  const db = new Kysely<unknown>({ dialect: new WatchfulDialect({ pool }, watch) })
  const health = shareFor(HEALTH_SHARED_MS, () => answersInTime(db))
  async function close(): Promise<void> {
    const late = setTimeout(() => sockets.cut('the store closes'), GOODBYE_LIMIT_MS)
    await Promise.all([db.destroy(), commitPool.end()])
    clearTimeout(late)
    await changes.close() // last: it finds out that a running statement will get no answer
    await options.afterClose()
  }
  let closing: Promise<void> | null = null
  const store: Store = {
    kind: options.kind,
    db,
    pool,
    commitPool,
    changes,
    transaction: (work) => db.transaction().execute(work),
    serverVersion: async () => (await serverVersion(db)).server_version,
    isHealthy: async () => closing === null && health(),
    mayWrite: () => room.mayWrite(),
    get diskFreeBytes() {
      return room.freeBytes
    },
    close() {
      closing ??= close()
      return closing
    },
  }
  return store
}

async function prepare(options: ConnectOptions): Promise<void> {
  const client = newClient({ ...options.connection, application_name: 'baimo migrate' })
  await client.connect()
  try {
    const { rows } = await client.query(
      `select current_setting('server_version_num')::int as number,
        current_setting('server_version') as name,
        current_setting('transaction_read_only') as read_only`,
    )
    refuseOld(rows[0].number, rows[0].name)
    if (rows[0].read_only === 'on')
      throw refuse(
        'store_database_read_only',
        'The database of DATABASE_URL is read-only, as a standby is. Give the address of the primary.',
      )
    if (options.kind === 'external') await demandSessions(client, options.connection)
    const { onProgress } = options
    const { newer } = await migrate(client, options.migrations, { onProgress })
    if (newer.length > 0)
      options.log.warn({ migrations: newer }, 'a newer Baimo has been here and left room for this')
  } finally {
    await client.end()
  }
}

/** Refuses with `store_database_too_old`. `number` is PostgreSQL's: 150004 is 15.4. */
export function refuseOld(number: number, name: string): void {
  if (number >= OLDEST_VERSION) return
  throw refuse(
    'store_database_too_old',
    `The database is PostgreSQL ${name}. Baimo needs 15 or later: upgrade it, or unset DATABASE_URL.`,
  )
}

async function serverVersion(db: Kysely<unknown>): Promise<{ server_version: string }> {
  const show = sql<{ server_version: string }>`show server_version`
  const { rows } = await show.execute(db)
  assert(rows[0] !== undefined, 'store: every server has a version')
  return rows[0]
}

async function answersInTime(db: Kysely<unknown>): Promise<boolean> {
  const late = Symbol('late')
  const limit = new Promise((resolve) => setTimeout(resolve, HEALTH_LIMIT_MS, late).unref())
  try {
    const answer = db.executeQuery(CompiledQuery.raw('select 1'))
    return (await Promise.race([answer, limit])) !== late
  } catch {
    return false // the reason is in the log of whoever needed the database
  }
}
