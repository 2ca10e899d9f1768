export { migrations } from '../../src/store/migrations/index.ts'

import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import pg from 'pg'
import { afterAll, beforeAll, describe, inject } from 'vitest'
import { newId, silentLog } from '../../src/kernel/index.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { migrations } from '../../src/store/migrations/index.ts'
import { maySkip } from './may-skip.ts'
import {
  hasDebian15,
  makeServerFolder,
  openTestServer,
  type ServerKind,
  type TestServer,
} from './postgres.ts'

/**
 * A store on a fresh database with all migrations applied, on the run's own PostgreSQL or on the
 * server whose socket folder is `host`. Close it after the test.
 */
export async function openTestStore(options: { host?: string } = {}): Promise<Store> {
  const url = await createTestDatabase(options)
  const store = await openStore({
    home: { path: '', databasePath: '', runPath: '' }, // an external database needs no home
    databaseUrl: url,
    log: silentLog,
    onProgress: () => {},
  })
  return { ...store, close: () => store.close().then(() => drop(url)) }
}

/** The DATABASE_URL of a fresh, migrated database, for what opens its store itself. */
export async function createTestDatabase(options: { host?: string } = {}): Promise<string> {
  const host = options.host ?? inject('postgresHost')
  const name = `test_${newId().replaceAll('-', '')}`
  await onServer(host, async (client) => {
    const template = await ensureTemplate(client, host)
    await client.query(`create database ${name} template ${template}`)
  })
  return databaseUrl(host, name)
}

/** The DATABASE_URL of a database that nobody has used yet. */
export async function createEmptyDatabase(options: { host?: string } = {}): Promise<string> {
  const host = options.host ?? inject('postgresHost')
  const name = `test_${newId().replaceAll('-', '')}`
  await onServer(host, async (client) => {
    await client.query(`create database ${name}`)
  })
  return databaseUrl(host, name)
}

/** The DATABASE_URL of a database on the server whose socket folder is `host`. */
export function databaseUrl(host: string, database: string): string {
  return `postgres://baimo@/${database}?host=${encodeURIComponent(host)}`
}

/**
 * The same tests on the embedded PostgreSQL and on Debian's 15, the oldest that DATABASE_URL may
 * name. Without Debian's binaries those tests are skipped, except in CI.
 */
export function describeOnEveryServer(
  name: string,
  tests: (openStoreHere: () => Promise<Store>) => void,
): void {
  describe(`${name} (embedded PostgreSQL)`, () => tests(() => openTestStore()))
  describe.skipIf(maySkip(!hasDebian15))(`${name} (PostgreSQL 15)`, () => {
    const server = useTestServer('debian15')
    tests(() => openTestStore({ host: server().host }))
  })
}

/** A server for the tests of one describe block; call the answer inside a test. */
export function useTestServer(kind: ServerKind): () => TestServer {
  const folder = makeServerFolder()
  let server: TestServer | undefined
  beforeAll(async () => {
    server = await openTestServer(kind, folder)
  })
  afterAll(async () => {
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return () => {
    if (server === undefined) throw new Error('the test server is there inside tests only')
    return server
  }
}

/** One migrated database that the others are copied from: 20 ms instead of all migrations. */
async function ensureTemplate(client: pg.Client, host: string): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(migrations)).digest('hex')
  const name = `template_${hash.slice(0, 16)}`
  await client.query('select pg_advisory_lock(1)')
  const found = await client.query('select 1 from pg_database where datname = $1', [name])
  if (found.rowCount === 0) await makeTemplate(client, host, name)
  await client.query('select pg_advisory_unlock(1)')
  return name
}

async function makeTemplate(client: pg.Client, host: string, name: string): Promise<void> {
  await client.query(`create database ${name}_draft`)
  const store = await openStore({
    home: { path: '', databasePath: '', runPath: '' },
    databaseUrl: databaseUrl(host, `${name}_draft`),
    log: silentLog,
    onProgress: () => {},
  })
  await store.close()
  await client.query(`alter database ${name}_draft rename to ${name}`)
}

/** The databases of a run lie in memory: what is done with goes. */
async function drop(url: string): Promise<void> {
  const { pathname, searchParams } = new URL(url.replace('@/', '@localhost/'))
  await onServer(searchParams.get('host') ?? '', async (client) => {
    await client.query(`drop database if exists ${pathname.slice(1)} with (force)`)
  })
}

async function onServer(host: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(databaseUrl(host, 'postgres'))
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
