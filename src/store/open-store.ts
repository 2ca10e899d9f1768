// edge: talks to PostgreSQL

import { join } from 'node:path'
import type { Log } from '../kernel/index.ts'
import { embeddedBinaries } from './binaries.ts'
import { type Cluster, ROLE } from './cluster.ts'
import { openDiskRoom, unknownRoom } from './disk-room.ts'
import { refuse } from './errors.ts'
import { migrations } from './migrations/index.ts'
import { newClient } from './open-pool.ts'
import { openServer, type Server } from './server.ts'
import { type Address, clientConfig } from './server-process.ts'
import { connectStore } from './store.ts'
import type { Home, Migration, Store } from './types.ts'

export interface StoreOptions {
  /** Where the embedded database lives. */
  readonly home: Pick<Home, 'path' | 'databasePath' | 'runPath'>
  /** A PostgreSQL of the owner's; null: the embedded one. */
  readonly databaseUrl: string | null
  readonly log: Log
  /** Told what takes long, in a few words for a person. */
  readonly onProgress: (text: string) => void
  /** Room on the embedded database's disk below which nothing is written; absent: not looked at. */
  readonly diskReserveBytes?: number
  /** The schema's steps; absent: those of this version. */
  readonly migrations?: readonly Migration[]
}

/** Durability (fsync, synchronous_commit) stays as PostgreSQL ships it: on. */
const settings = [
  'max_connections=60',
  'shared_buffers=64MB',
  'io_method=sync',
  'jit=off',
  'wal_level=minimal',
  'max_wal_senders=0',
  'timezone=UTC',
  'log_timezone=UTC',
  // Statements and details of errors hold what people wrote: neither goes to the log.
  'log_min_error_statement=panic',
  'log_error_verbosity=terse',
  'log_checkpoints=off',
]

/**
 * Opens the market's database, brought up to this version's schema.
 * Refuses with the codes of errors.ts; the message says what to do.
 */
export function openStore(options: StoreOptions): Promise<Store> {
  return options.databaseUrl === null
    ? openEmbedded(options)
    : openExternal(options, options.databaseUrl)
}

/** The PostgreSQL of a home, running. Its cluster is made when there is none. */
export function openEmbeddedServer(options: Omit<StoreOptions, 'databaseUrl'>): Promise<Server> {
  const { home, log, onProgress } = options
  const cluster: Cluster = {
    binaries: embeddedBinaries(join(home.path, 'lib')),
    dataPath: home.databasePath,
    logPath: join(home.path, 'pg.log'),
    passwordPath: join(home.path, 'pg.password'),
  }
  const socketPath = join(home.runPath, 'pg')
  return openServer({ cluster, socketPath, settings, log, onProgress })
}

async function openEmbedded(options: StoreOptions): Promise<Store> {
  const { log, onProgress, home } = options
  const room = await openDiskRoom({
    path: home.path,
    ballastPath: join(home.path, 'ballast'),
    reserveBytes: options.diskReserveBytes ?? 0,
    log,
  })
  const server = await openEmbeddedServer(options).catch((error: unknown) => {
    room.close()
    throw error
  })
  const stop = async (): Promise<void> => {
    room.close()
    await server.stop()
  }
  try {
    await makeDatabase(server.address)
    return await connectStore({
      kind: 'embedded',
      connection: clientConfig(server.address, ROLE),
      migrations: options.migrations ?? migrations,
      log,
      onProgress,
      room,
      afterClose: stop,
    })
  } catch (error) {
    await stop()
    throw error
  }
}

async function makeDatabase(address: Address): Promise<void> {
  const client = newClient(clientConfig(address, 'postgres'))
  await client.connect()
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [ROLE])
    if (found.rowCount === 0) await client.query(`create database ${ROLE}`)
  } finally {
    await client.end()
  }
}

async function openExternal(options: StoreOptions, databaseUrl: string): Promise<Store> {
  try {
    return await connectStore({
      kind: 'external',
      connection: { connectionString: databaseUrl, connectionTimeoutMillis: 10_000 },
      migrations: options.migrations ?? migrations,
      log: options.log,
      onProgress: options.onProgress,
      room: unknownRoom,
      afterClose: async () => {},
    })
  } catch (error) {
    throw asUnreachable(error)
  }
}

/** Refusals pass; what is left is the connection's. Its words name no password. */
export function asUnreachable(error: unknown): unknown {
  if (error instanceof Error && error.name === 'Refusal') return error
  const reason = error instanceof Error ? error.message : String(error)
  return refuse(
    'store_database_unreachable',
    `The database of DATABASE_URL does not answer (${reason}). Check host, port, name and password.`,
    { cause: error },
  )
}
