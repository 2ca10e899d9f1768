import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Peer } from './peer.ts'

/** The least that a relay in Node does; see bare-main.ts. */
export async function openBare(upstreamPort: number): Promise<Peer> {
  const path = join(import.meta.dirname, 'bare-main.ts')
  const child = fork(path, [String(upstreamPort)], { execArgv: [] })
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return {
    name: 'bare node relay',
    port,
    headers: {},
    pid: child.pid ?? null,
    canStream: true,
    stop: () => child.disconnect(),
  }
}
