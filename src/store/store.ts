import { CompiledQuery, Kysely } from 'kysely'
import type pg from 'pg'
import type { Log } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import { migrate } from './migrate.ts'
import { newClient, openPool } from './open-pool.ts'
import { shareFor } from './share-for.ts'
import type { Migration, Store } from './types.ts'
import { WatchfulDialect, watchDatabase } from './watchful-dialect.ts'

const OLDEST_VERSION = 150_000
const HEALTH_LIMIT_MS = 2_000
/** How long one answer about the database's health is good for. */
const HEALTH_SHARED_MS = 1_000

/** Most connections for everything but the commit of usage, which has its own. */
const MAX_CONNECTIONS = 16
const MAX_COMMIT_CONNECTIONS = 2

export interface ConnectOptions {
  readonly kind: Store['kind']
  readonly connection: pg.ClientConfig
  readonly migrations: readonly Migration[]
  readonly log: Log
  readonly onProgress: (text: string) => void
  /** Runs after the pool is closed. */
  readonly afterClose: () => Promise<void>
}

/**
 * Checks the server's version, brings the schema up to date and opens the pool.
 * Refuses with the codes of `migrate` and `store_database_too_old`; errors of the connection pass.
 */
export async function connectStore(options: ConnectOptions): Promise<Store> {
  await prepare(options)
  const { connection, log } = options
  const pool = openPool({ connection, log, max: MAX_CONNECTIONS })
  const commitPool = openPool({ connection, log, max: MAX_COMMIT_CONNECTIONS })
  const watch = watchDatabase(log)
  const db = new Kysely<unknown>({ dialect: new WatchfulDialect({ pool }, watch) })
  const health = shareFor(HEALTH_SHARED_MS, () => answersInTime(db))
  let closing: Promise<void> | null = null
  return {
    kind: options.kind,
    db,
    pool,
    commitPool,
    transaction: (work) => db.transaction().execute(work),
    serverVersion: async () => (await pool.query('show server_version')).rows[0].server_version,
    isHealthy: async () => closing === null && health(),
    close() {
      closing ??= Promise.all([db.destroy(), commitPool.end()]).then(options.afterClose)
      return closing
    },
  }
}

async function prepare(options: ConnectOptions): Promise<void> {
  const client = newClient({ ...options.connection, application_name: 'baimo migrate' })
  await client.connect()
  try {
    const { rows } = await client.query(
      "select current_setting('server_version_num')::int as number, current_setting('server_version') as name",
    )
    refuseOld(rows[0].number, rows[0].name)
    await migrate(client, options.migrations, options.onProgress)
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
