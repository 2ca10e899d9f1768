// edge: talks to PostgreSQL

import type pg from 'pg'
import { ROLE } from './cluster.ts'
import { demandSessions } from './demand-sessions.ts'
import { findPending } from './migrate.ts'
import { migrations } from './migrations/index.ts'
import { newClient } from './open-pool.ts'
import { asUnreachable, openEmbeddedServer, type StoreOptions } from './open-store.ts'
import { clientConfig } from './server-process.ts'
import { refuseOld } from './store.ts'

/** What a look at a database finds. */
export interface DatabaseFacts {
  /** Such as `18.4`. */
  readonly serverVersion: string
  /** Migrations that the next start would apply. */
  readonly pending: readonly string[]
}

/**
 * Opens the market's database and closes it again, changing nothing in it. The caller holds the
 * home, whose database must be there. Refuses as `openStore` does.
 */
export async function inspectDatabase(
  options: Omit<StoreOptions, 'migrations'>,
): Promise<DatabaseFacts> {
  const { databaseUrl } = options
  if (databaseUrl !== null) {
    const connection = { connectionString: databaseUrl, connectionTimeoutMillis: 10_000 }
    return look(connection, demandSessions).catch((error: unknown) => {
      throw asUnreachable(error)
    })
  }
  const server = await openEmbeddedServer(options)
  try {
    return await look(clientConfig(server.address, ROLE), null)
  } finally {
    await server.stop()
  }
}

async function look(
  connection: pg.ClientConfig,
  demand: typeof demandSessions | null,
): Promise<DatabaseFacts> {
  const client = newClient({ ...connection, application_name: 'baimo doctor' })
  await client.connect()
  try {
    const { rows } = await client.query(
      "select current_setting('server_version_num')::int as number, current_setting('server_version') as name",
    )
    refuseOld(rows[0].number, rows[0].name)
    await demand?.(client, connection)
    return { serverVersion: rows[0].name, pending: await findPending(client, migrations) }
  } finally {
    await client.end()
  }
}
