// edge: talks to PostgreSQL
import pg from 'pg'
import type { Log } from '../kernel/index.ts'
import { SCHEMA } from './schema.ts'

/** Idle ones end before the way to a server forgets them, and before `SILENT_MS` of sockets.ts. */
const poolConfig: pg.PoolConfig = {
  application_name: 'baimo',
  idleTimeoutMillis: 30_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
}
/**
 * A statement that hangs must not hang us. Said once the connection stands, as poolers refuse
 * connections that say more of themselves than they know.
 */
const greeting = `set search_path to ${SCHEMA};
set statement_timeout = '30s';
set lock_timeout = '10s';
set idle_in_transaction_session_timeout = '30s'`
/** How long to wait for a connection: the answer is a 503, and nobody waits for that for long. */
const CONNECT_LIMIT_MS = 5_000

export interface PoolOptions {
  readonly connection: pg.ClientConfig
  /** Most connections at a time. */
  readonly max: number
  readonly log: Log
}

/** A pool whose connections look for tables in our schema alone. A lost one ends no process. */
export function openPool({ connection, max, log }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    ...poolConfig,
    ...connection,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    max,
    onConnect: async (client) => {
      await client.query(greeting)
    },
  })
  const tell = (error: Error): void => {
    log.debug({ reason: error.message }, 'a database connection ended')
  }
  pool.on('error', tell)
  // The pool listens to idle connections only: one in use is lost to its statement, and here.
  pool.on('connect', (client) => client.on('error', tell))
  return pool
}

/** A single connection, whose loss the statement that runs tells. */
export function newClient(config: pg.ClientConfig): pg.Client {
  const client = new pg.Client(config)
  client.on('error', () => {}) // the statement that was running throws it too
  return client
}
