import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** What the generator sends. */
export interface Load {
  readonly port: number
  /** The bytes of one request, in latin1. */
  readonly request: string
  readonly isStream: boolean
  readonly connections: number
  /** Requests that are sent before those that count. */
  readonly warmUp: number
  readonly count: number
}

/** Milliseconds of each counted request, in the order in which they ended. */
export interface Timings {
  readonly firstMs: Float64Array
  readonly totalMs: Float64Array
  /** From the first counted request's beginning to the last one's end. */
  readonly wallMs: number
}

export interface Generator {
  run(load: Load): Promise<Timings>
  stop(): void
}

function start(file: string): ChildProcess {
  return fork(join(import.meta.dirname, file), { serialization: 'advanced', execArgv: [] })
}

export async function openGenerator(): Promise<Generator> {
  const child = start('load-main.ts')
  await once(child, 'message')
  return {
    async run(load) {
      child.send(load)
      const [answer] = (await once(child, 'message')) as [Timings | { error: string }]
      if ('error' in answer) throw new Error(`port ${load.port}: ${answer.error}`)
      return answer
    },
    stop: () => child.disconnect(),
  }
}

/** The upstream behind every peer, in a process of its own. */
export async function openUpstream(): Promise<{ port: number; stop(): void }> {
  const child = start('upstream-main.ts')
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return { port, stop: () => child.disconnect() }
}
