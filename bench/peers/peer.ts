import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const LONGEST_START_MS = 20_000

/** One way to the upstream. */
export interface Peer {
  readonly name: string
  readonly port: number
  /** What a request to it says of itself besides type and length. */
  readonly headers: Readonly<Record<string, string>>
  /** The process whose processor time is counted; null: none stands between. */
  readonly pid: number | null
  /** Whether it can pass a stream on. */
  readonly canStream: boolean
  stop(): Promise<void> | void
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Resolves once something answers HTTP at the port. Throws when nothing does for 20 s. */
export async function untilAnswers(port: number): Promise<void> {
  const startedMs = performance.now()
  while (performance.now() - startedMs < LONGEST_START_MS) {
    const isThere = await fetch(`http://127.0.0.1:${port}/`).then(
      (answer) => answer.arrayBuffer().then(() => true),
      () => false,
    )
    if (isThere) return
    await sleep(20)
  }
  throw new Error(`nothing answers at port ${port}`)
}
