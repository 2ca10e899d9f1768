// edge: starts a child process and keeps it alive.
import { type ChildProcess, spawn } from 'node:child_process'
import { homedir } from 'node:os'
import type { Clock, Log } from '../kernel/index.ts'
import type { ChildStatus, EngineState, Order, Report } from './types.ts'

export interface SuperviseOptions {
  /** The child's entry: a `.ts` file in development, the bundle's output in production. */
  readonly childPath: string
  /** What the child takes for its home folder where this user has none. */
  readonly spareHomeFolder: string
  /** The first order of every new child. */
  readonly configure: () => Order
  readonly log: Log
  readonly clock: Clock
  /** Called when a child dies while it loads these models. */
  readonly onLoadCrash: (names: readonly string[]) => void
}

const FIRST_DELAY_MS = 200
const MAX_DELAY_MS = 5_000
/** A child that lived this long was healthy: the next delay begins anew. */
const HEALTHY_MS = 30_000
const CLOSE_MS = 3_000
/** Native code that could not be loaded so often cannot be loaded here. */
const MAX_FAILED_STARTS = 3

const noStatus: ChildStatus = {
  loaded: [],
  loading: [],
  queueLength: 0,
  runningCount: 0,
  memoryBytes: 0,
}

/** Whether waiting for `ready` is over, one way or the other. */
const isSettled = (kind: EngineState['kind']) =>
  kind === 'ready' || kind === 'stopped' || kind === 'absent'

function hasHomeFolder(): boolean {
  try {
    return homedir() !== ''
  } catch {
    return false // no HOME, and a user id that no name belongs to, as in some containers
  }
}

/**
 * The program and its arguments. node-llama-cpp asks for a home folder as it is loaded: `env` gives
 * it one and becomes the child, under the same process id.
 */
export function childCommand(
  { childPath, spareHomeFolder }: Pick<SuperviseOptions, 'childPath' | 'spareHomeFolder'>,
  hasHome: boolean,
): { file: string; args: string[] } {
  if (hasHome) return { file: process.execPath, args: [childPath] }
  return { file: '/usr/bin/env', args: [`HOME=${spareHomeFolder}`, process.execPath, childPath] }
}

/** The child writes nothing of its own: what comes is native code's, for the log. */
function logOutput(child: ChildProcess, log: Log): void {
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data: Buffer) => {
      const text = data.toString('utf8').trim().slice(0, 2_000)
      if (text !== '') log.debug({ text }, 'engine: output of native code')
    })
}

/** Keeps one child process alive until it is closed. It starts with its construction. */
export class Supervisor {
  readonly #options: SuperviseOptions
  #child: ChildProcess | null = null
  #kind: EngineState['kind'] = 'starting'
  #reason: string | null = 'The engine is starting.'
  #status = noStatus
  /** Why the running child cannot start, by its own word. */
  #failure: string | null = null
  #restarts = 0
  /** Ends one after another, each before the child was seen to be healthy. */
  #endsInARow = 0
  /** Starts that failed one after another, by the child's own word. */
  #failedStarts = 0
  #delayMs = FIRST_DELAY_MS
  #restartTimer: NodeJS.Timeout | undefined
  #readyWaiters: (() => void)[] = []

  constructor(options: SuperviseOptions) {
    this.#options = options
    this.#start()
  }

  /** Sends an order to the child that runs now; a later child learns it from `configure`. */
  order(order: Order): void {
    if (this.#child?.connected !== true) return
    this.#child.send(order, () => {
      // A child that dies before it reads an order needs none.
    })
  }

  state(): EngineState {
    const hasStatus = this.#child !== null && this.#status !== noStatus
    return {
      kind: this.#kind,
      reason: this.#reason,
      loaded: this.#status.loaded,
      loading: this.#status.loading,
      queueLength: this.#status.queueLength,
      runningCount: this.#status.runningCount,
      restarts: this.#restarts,
      memoryBytes: hasStatus ? this.#status.memoryBytes : null,
      pid: this.#child?.pid ?? null,
    }
  }

  /** Resolves when the child is ready for requests, or at once where it never will be. */
  whenReady(): Promise<void> {
    if (isSettled(this.#kind)) return Promise.resolve()
    return new Promise((resolve) => this.#readyWaiters.push(resolve))
  }

  async close(): Promise<void> {
    const child = this.#child
    this.#enter('stopped', 'The engine is closed.')
    clearTimeout(this.#restartTimer)
    if (child === null) return
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    this.order({ kind: 'close' })
    const impatience = setTimeout(() => child.kill('SIGKILL'), CLOSE_MS)
    await exited
    clearTimeout(impatience)
  }

  #start(): void {
    const { clock, log, configure } = this.#options
    const startedMs = clock.monotonicMs()
    const { file, args } = childCommand(this.#options, hasHomeFolder())
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: process.platform !== 'win32', // Ctrl-C is for the parent, which ends us in order
      windowsHide: true,
      serialization: 'json',
    })
    this.#child = child
    this.#failure = null
    const ended = (how: string) => {
      if (this.#child === child) this.#onEnd(clock.monotonicMs() - startedMs, how)
    }
    logOutput(child, log)
    child.on('message', (report: Report) => this.#onReport(report))
    child.on('error', (error) => ended(error.message))
    child.on('exit', (code, signal) => ended(signal ?? `exit code ${code}`))
    this.order(configure())
  }

  #onReport(report: Report): void {
    if (report.kind === 'status') this.#status = report.status
    else if (report.kind === 'log') this.#options.log[report.level]({}, `engine: ${report.message}`)
    else if (report.kind === 'failed') {
      this.#reason = report.reason
      this.#failure = report.reason
      this.#failedStarts++
    } else if (this.#kind !== 'stopped') {
      this.#failedStarts = 0
      this.#enter('ready', null)
    }
  }

  #onEnd(livedMs: number, how: string): void {
    const { loading } = this.#status
    this.#child = null
    this.#status = noStatus
    if (this.#kind === 'stopped') return
    this.#restarts++
    if (loading.length > 0) this.#options.onLoadCrash(loading)
    if (livedMs > HEALTHY_MS) {
      this.#delayMs = FIRST_DELAY_MS
      this.#endsInARow = 0
    }
    this.#endsInARow++
    if (this.#failedStarts >= MAX_FAILED_STARTS) {
      this.#options.log.error({ reason: this.#reason }, 'engine: it cannot start here')
      this.#enter('absent', `The engine cannot start: ${this.#reason}`)
      return
    }
    const why = `(${this.#failure ?? how})`
    const often = this.#endsInARow > 1 ? `, ${this.#endsInARow} times one after another` : ''
    const soon = `it starts again by itself in ${this.#delayMs / 1_000} s`
    this.#enter('restarting', `The engine ended ${why}${often}; ${soon}.`)
    const facts = { how, restarts: this.#restarts, delayMs: this.#delayMs, loading }
    this.#options.log.warn(facts, 'engine: the child ended, starting another')
    this.#restartTimer = setTimeout(() => this.#start(), this.#delayMs)
    this.#delayMs = Math.min(MAX_DELAY_MS, this.#delayMs * 2)
  }

  #enter(kind: EngineState['kind'], reason: string | null): void {
    this.#kind = kind
    this.#reason = reason
    if (!isSettled(kind)) return
    for (const resolve of this.#readyWaiters) resolve()
    this.#readyWaiters = []
  }
}
