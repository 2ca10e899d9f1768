import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { openTestServer, type TestServer } from './postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Socket folder of the run's PostgreSQL. */
    postgresHost: string
  }
}

/** One embedded PostgreSQL for the whole run; every openTestStore gets a database of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'baimo-test-'))
  const server: TestServer = await openTestServer('embedded', folder)
  project.provide('postgresHost', server.host)
  return async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
