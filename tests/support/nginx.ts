import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { makeQuickFolder } from './folders.ts'

const PROGRAM = '/usr/sbin/nginx'

/** Whether nginx is on this machine. */
export const hasNginx = existsSync(PROGRAM)

export interface Nginx {
  readonly url: string
  close(): Promise<void>
}

/** A real nginx with these `upstream` and `server` blocks; `PORT` in them is where it listens. */
export async function openNginx(blocks: string): Promise<Nginx> {
  const folder = makeQuickFolder('baimo-nginx-')
  chmodSync(folder, 0o755)
  const port = await findPort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => {
    mkdirSync(join(folder, name))
    return `${name}_temp_path ${join(folder, name)};`
  })
  const settings = [
    'daemon off;',
    'master_process off;',
    `pid ${join(folder, 'pid')};`,
    'error_log stderr;',
    'events {}',
    'http {',
    'access_log off;',
    ...temporary,
    blocks.replaceAll('PORT', `127.0.0.1:${port}`),
    '}',
  ]
  const path = join(folder, 'nginx.conf')
  writeFileSync(path, settings.join('\n'))
  const child = spawn(PROGRAM, ['-c', path, '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const ended = once(child, 'exit')
  const url = `http://127.0.0.1:${port}`
  await untilAnswers(url, () => {
    if (child.exitCode !== null) throw new Error(`nginx ended:\n${said}`)
  })
  return {
    url,
    async close() {
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true })
    },
  }
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function untilAnswers(url: string, check: () => void): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    check()
    const isThere = await fetch(url).then(
      () => true,
      () => false,
    )
    if (isThere) return
    await pause(25)
  }
  throw new Error(`nothing answers at ${url}`)
}
