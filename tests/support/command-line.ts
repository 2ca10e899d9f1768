import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './build.ts'

export interface CommandOptions {
  /** The home whose market is meant. */
  readonly home: string
  readonly env?: Readonly<Record<string, string>>
  /** Standard input; absent: an empty one. */
  readonly input?: string
  /** Ctrl-C, once standard output fits. */
  readonly interruptAt?: RegExp
}

export interface Finished {
  readonly code: number | null
  readonly out: string
  readonly err: string
  /** When each piece of standard output came, in milliseconds from the start. */
  readonly arrivalsMs: readonly number[]
}

/** Runs `build/cli.js …` as a person would, and waits for its end. */
export function runCommand(args: readonly string[], options: CommandOptions): Promise<Finished> {
  const beganMs = performance.now()
  const child = spawn(process.execPath, [join(root, 'build', 'cli.js'), ...args], {
    cwd: tmpdir(),
    env: { PATH: process.env.PATH, BAIMO_HOME: options.home, ...options.env },
  })
  let out = ''
  let err = ''
  let isInterrupted = false
  const arrivalsMs: number[] = []
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
    arrivalsMs.push(performance.now() - beganMs)
    if (isInterrupted || options.interruptAt?.test(out) !== true) return
    isInterrupted = child.kill('SIGINT')
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  child.stdin.end(options.input ?? '')
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, out, err, arrivalsMs }))
  })
}
