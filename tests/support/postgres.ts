import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { silentLog } from '../../src/kernel/index.ts'
import { type Binaries, embeddedBinaries } from '../../src/store/binaries.ts'
import { readPostmaster } from '../../src/store/postmaster.ts'
import { openServer } from '../../src/store/server.ts'

import { makeQuickFolder } from './folders.ts'

export type { Binaries } from '../../src/store/binaries.ts'
export { isAlive, readPostmaster } from '../../src/store/postmaster.ts'

export type ServerKind = 'embedded' | 'debian15'

export interface TestServer {
  /** Socket folder. The role `baimo` needs no password. */
  readonly host: string
  stop(): Promise<void>
}

/** How the folders of test servers begin. */
export const SERVER_PREFIX = 'baimo-server-'

const DEBIAN_15 = '/usr/lib/postgresql/15/bin'

/** Whether Debian's PostgreSQL 15 is on this machine. */
export const hasDebian15 = existsSync(join(DEBIAN_15, 'postgres'))

/** Test data outlives nothing: no sync of files, and room for many pools. */
const settings = ['fsync=off', 'full_page_writes=off', 'max_connections=300', 'timezone=UTC']

/** A fresh folder for a server: in memory, so that a copy takes 17 ms. */
export function makeServerFolder(): string {
  return makeQuickFolder(SERVER_PREFIX)
}

/** A PostgreSQL in `folder`, which must be fresh and is the caller's to remove. */
export async function openTestServer(
  kind: ServerKind | Binaries,
  folder: string,
): Promise<TestServer> {
  chmodSync(folder, 0o711)
  const server = await openServer({
    cluster: {
      binaries: binariesOf(kind, folder),
      dataPath: join(folder, 'pg'),
      logPath: join(folder, 'pg.log'),
      passwordPath: join(folder, 'pg.password'),
    },
    socketPath: join(folder, 'run'),
    settings,
    log: silentLog,
    onProgress: () => {},
  })
  return { host: server.address.host, stop: server.stop }
}

function binariesOf(kind: ServerKind | Binaries, folder: string): Binaries {
  if (typeof kind !== 'string') return kind
  if (kind === 'embedded') return embeddedBinaries(join(folder, 'lib'))
  return { binPath: DEBIAN_15, libraryPaths: [], initArguments: ['--locale=C.UTF-8', '--no-sync'] }
}

/** Signals all processes of the server with that data: SIGSTOP freezes each for itself. */
export function signalServer(dataPath: string, signal: NodeJS.Signals): void {
  const pid = readPostmaster(dataPath)?.pid ?? 0
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  const pids = [pid, ...children.split(' ').map(Number)].filter((one) => one > 0)
  for (const one of pids)
    try {
      process.kill(one, signal)
    } catch {
      // A child of the moment has ended meanwhile.
    }
}
