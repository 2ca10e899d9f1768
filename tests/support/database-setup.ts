import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { isAlive, readPostmaster } from '../../src/store/postmaster.ts'
import { makeServerFolder, openTestServer, SERVER_PREFIX, type TestServer } from './postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Socket folder of the run's PostgreSQL. */
    postgresHost: string
  }
}

/** One embedded PostgreSQL for the whole run; every openTestStore gets a database of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = makeServerFolder()
  removeAbandoned(dirname(folder))
  writeFileSync(join(folder, 'run.pid'), String(process.pid))
  const server: TestServer = await openTestServer('embedded', folder)
  project.provide('postgresHost', server.host)
  return async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Ends what earlier runs left that were killed: their databases may lie in memory. */
function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(SERVER_PREFIX))) {
    const folder = join(parent, name)
    const pidPath = join(folder, 'run.pid')
    if (!existsSync(pidPath) || isAlive(Number(readFileSync(pidPath, 'utf8')))) continue
    const pid = readPostmaster(join(folder, 'pg'))?.pid
    if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGQUIT')
    rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
  }
}
