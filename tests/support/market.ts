import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from '../../scripts/build-if-stale.mjs'
import { marketOptions } from '../../scripts/spawn.mjs'
import { root } from './build.ts'
import { makeQuickFolder } from './folders.ts'
import { isAlive, readPostmaster } from './postgres.ts'

export interface MarketOptions {
  /** A home to open; absent: a fresh one, removed by `stop`. */
  readonly home?: string
  /** Settings on top of PORT=0 and BAIMO_HOME. */
  readonly env?: Readonly<Record<string, string>>
  /** The program to run, of another checkout say; absent: this one’s, built when it changed. */
  readonly program?: string
  /** Runs it in another place of the machine, such as on a small disk; absent: here. */
  readonly place?: Place
}

/** Where a market runs that sees other folders than its test does. */
export interface Place {
  /** The command that runs `command` there, in the process that it starts. */
  wrap(command: readonly string[]): readonly string[]
  /** What the test sees a path of that place as. */
  seen(path: string): string
}

const HERE: Place = { wrap: (command) => command, seen: (path) => path }

/** A built market in a process of its own, as `npm start` runs it. */
export interface Market {
  readonly url: string
  /** The owner's API key. */
  readonly ownerKey: string
  readonly home: string
  readonly process: ChildProcess
  /** From the start of the process to the line that says it is open. */
  readonly readyMs: number
  /** What it wrote so far on standard output and standard error. */
  output(): string
  /** Sends a signal and resolves to the exit code; null when the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>
  /** Stops it in good order and removes a home that was made for it. */
  stop(): Promise<void>
  /** Ends the process as a power cut would; its database stays, as an orphan. The home is kept. */
  kill9(): Promise<void>
}

/** What a market that did not open left behind. */
export interface FailedStart {
  readonly code: number | null
  readonly output: string
}

const LONGEST_START_MS = 60_000

/** Starts `build/cli.js start` and waits for its line. Throws its output when it ends first. */
export async function startMarket(options: MarketOptions = {}): Promise<Market> {
  const home = options.home ?? makeQuickFolder('baimo-test-')
  const place = options.place ?? HERE
  const started = await launch(home, options)
  if ('code' in started) {
    if (options.home === undefined) rmSync(home, { recursive: true, force: true })
    throw new Error(`the market ended with ${started.code}:\n${started.output}`)
  }
  const end = endOf(started.process)
  return {
    ...started,
    home,
    ownerKey: readFileSync(place.seen(join(home, 'owner.key')), 'utf8').trim(),
    end,
    async stop() {
      await end('SIGTERM')
      await endDatabase(place.seen(home))
      if (options.home === undefined) rmSync(home, { recursive: true, force: true, maxRetries: 20 })
    },
    async kill9() {
      await end('SIGKILL')
    },
  }
}

/** Starts a market that is expected to refuse, and waits for its end. */
export async function startRefusedMarket(options: MarketOptions): Promise<FailedStart> {
  const home = options.home ?? makeQuickFolder('baimo-test-')
  const started = await launch(home, options)
  if (!('code' in started)) await endOf(started.process)('SIGTERM')
  if (options.home === undefined) {
    await endDatabase(home)
    rmSync(home, { recursive: true, force: true, maxRetries: 20 })
  }
  if ('code' in started) return started
  throw new Error(`the market opened at ${started.url}, it was to refuse:\n${started.output()}`)
}

type Launched = Pick<Market, 'url' | 'process' | 'readyMs' | 'output'>

async function launch(
  home: string,
  { env = {}, program, place = HERE }: MarketOptions,
): Promise<Launched | FailedStart> {
  const isBuilt = program !== undefined || (await build(root, process.execPath))
  if (!isBuilt) throw new Error('the program does not build')
  const startedMs = performance.now()
  const built = program ?? join(root, 'build', 'cli.js')
  const command = [process.execPath, ...marketOptions, built, 'start']
  const [file = '', ...args] = place.wrap(command)
  const child = spawn(file, args, {
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...cleanEnvironment(), BAIMO_HOME: home, PORT: '0', ...env },
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
  let hasClosed = false
  child.on('close', () => {
    hasClosed = true
  })
  while (performance.now() - startedMs < LONGEST_START_MS) {
    const url = /^Baimo is open at (http\S+)/m.exec(text)?.[1]
    const readyMs = performance.now() - startedMs
    if (url !== undefined) return { url, process: child, readyMs, output: () => text }
    if (hasClosed) return { code: child.exitCode, output: text }
    await sleep(5)
  }
  child.kill('SIGKILL')
  return { code: null, output: `${text}\nit was not ready in ${LONGEST_START_MS} ms` }
}

/** The tests' own settings must not reach the market, nor those of whoever runs the tests. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const isOurs = (name: string) =>
    /^(BAIMO_|PG|NODE_|VITEST|npm_)|^(PORT|HOST|DATABASE_URL)$/.test(name)
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOurs(name)))
}

function endOf(child: ChildProcess): Market['end'] {
  const ended = new Promise<number | null>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode)
    child.on('exit', (code) => resolve(code))
  })
  return (signal) => {
    child.kill(signal)
    return ended
  }
}

/** A killed market leaves its database running; the test that killed it does not. */
async function endDatabase(home: string): Promise<void> {
  const pid = readPostmaster(join(home, 'pg'))?.pid
  if (pid === undefined || !isAlive(pid)) return
  process.kill(pid, 'SIGQUIT')
  while (isAlive(pid)) await sleep(10)
}
