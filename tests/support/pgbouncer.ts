import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { makeQuickFolder } from './folders.ts'

const PROGRAM = '/usr/sbin/pgbouncer'

/** Whether PgBouncer is on this machine. */
export const hasPgbouncer = existsSync(PROGRAM)

export interface Pooler {
  /** The DATABASE_URL of a database behind it. */
  url(database: string): string
  close(): Promise<void>
}

export interface PoolerOptions {
  /** Socket folder of the server behind it. */
  readonly host: string
  readonly mode: 'session' | 'transaction' | 'statement'
  /** Connections of the server that it gives out, for a database. */
  readonly size?: number
}

/** A PgBouncer as Debian ships it, before the server whose socket folder is `host`. */
export async function openPooler({ host, mode, size = 40 }: PoolerOptions): Promise<Pooler> {
  const folder = makeQuickFolder('baimo-pooler-')
  chmodSync(folder, 0o755)
  const port = await findPort()
  const settings = [
    '[databases]',
    `* = host=${host} user=baimo`,
    '[pgbouncer]',
    `listen_addr=127.0.0.1`,
    `listen_port=${port}`,
    'unix_socket_dir=',
    'auth_type=any',
    `pool_mode=${mode}`,
    `default_pool_size=${size}`,
    'max_client_conn=200',
  ]
  writeFileSync(join(folder, 'settings.ini'), `${settings.join('\n')}\n`, { mode: 0o644 })
  const asUser = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const child = spawn(PROGRAM, [...asUser, '-q', join(folder, 'settings.ini')], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  const url = (database: string): string => `postgres://baimo@127.0.0.1:${port}/${database}`
  await untilAnswers(url('postgres'))
  return {
    url,
    async close() {
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true })
    },
  }
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function untilAnswers(url: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const client = new pg.Client(url)
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      if (tries > 100) throw error
      await pause(50)
    }
  }
}
