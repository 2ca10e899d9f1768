import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { marketOptions } from '../../scripts/spawn.mjs'
import type { Peer } from './peer.ts'

/** The least that a relay in Node does that records usage before it ends; see prototype-main.ts. */
export async function openPrototype(upstreamPort: number): Promise<Peer> {
  const home = mkdtempSync(join(tmpdir(), 'baimo-bench-prototype-'))
  const path = join(import.meta.dirname, 'prototype-main.ts')
  const child = fork(path, [String(upstreamPort), home], { execArgv: [...marketOptions] })
  const [{ port, key }] = (await once(child, 'message')) as [{ port: number; key: string }]
  return {
    name: 'prototype with group commit',
    port,
    headers: { authorization: `Bearer ${key}` },
    pid: child.pid ?? null,
    canStream: true,
    async stop() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
      rmSync(home, { recursive: true, force: true, maxRetries: 20 })
    },
  }
}
