import { type ChildProcess, spawn } from 'node:child_process'
import type { Clock, Log } from '../kernel/index.ts'
import type { ChildStatus, EngineState, Order, Report } from './types.ts'

/** Keeps one child process alive until it is closed. */
export interface Supervisor {
  /** Sends an order to the child that runs now; a later child learns it from `configure`. */
  order(order: Order): void
  state(): EngineState
  /** Resolves when the child is ready for requests, or at once where it never will be. */
  whenReady(): Promise<void>
  close(): Promise<void>
}

export interface SuperviseOptions {
  /** The child's entry: a `.ts` file in development, the bundle's output in production. */
  readonly childPath: string
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

const noStatus: ChildStatus = {
  loaded: [],
  loading: [],
  queueLength: 0,
  runningCount: 0,
  memoryBytes: 0,
}

/** The child writes nothing of its own: what comes is native code's, for the log. */
function logOutput(child: ChildProcess, log: Log) {
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data: Buffer) => {
      const text = data.toString('utf8').trim().slice(0, 2_000)
      if (text !== '') log.debug({ text }, 'engine: output of native code')
    })
}

export function superviseChild(options: SuperviseOptions): Supervisor {
  const { log, clock } = options
  let child: ChildProcess | null = null
  let kind: EngineState['kind'] = 'starting'
  let reason: string | null = 'The engine is starting.'
  let status = noStatus
  let restarts = 0
  let delayMs = FIRST_DELAY_MS
  let timer: NodeJS.Timeout | undefined
  let readyWaiters: (() => void)[] = []

  const enter = (next: EngineState['kind'], why: string | null) => {
    kind = next
    reason = why
    if (next !== 'ready' && next !== 'stopped') return
    for (const resolve of readyWaiters) resolve()
    readyWaiters = []
  }
  const order = (value: Order) => {
    if (child?.connected === true) child.send(value, () => {}) // a dying child needs no orders
  }

  function onReport(report: Report) {
    if (report.kind === 'status') status = report.status
    else if (report.kind === 'log') log[report.level]({}, `engine: ${report.message}`)
    else if (report.kind === 'failed') reason = report.reason
    else if (kind !== 'stopped') enter('ready', null)
  }

  function onExit(startedMs: number, how: string) {
    child = null
    const { loading } = status
    status = noStatus
    if (kind === 'stopped') return
    restarts++
    if (loading.length > 0) options.onLoadCrash(loading)
    if (clock.monotonicMs() - startedMs > HEALTHY_MS) delayMs = FIRST_DELAY_MS
    const why =
      kind === 'ready' ? `The engine ended (${how})` : `The engine ended: ${reason ?? how}`
    enter('restarting', `${why}; it starts again by itself.`)
    log.warn({ how, restarts, delayMs, loading }, 'engine: the child ended, starting another')
    timer = setTimeout(start, delayMs)
    delayMs = Math.min(MAX_DELAY_MS, delayMs * 2)
  }

  function start() {
    const startedMs = clock.monotonicMs()
    const started = spawn(process.execPath, [options.childPath], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: process.platform !== 'win32', // Ctrl-C is for the parent, which ends us in order
      windowsHide: true,
      serialization: 'json',
    })
    child = started
    let hasEnded = false
    const ended = (how: string) => {
      if (hasEnded) return
      hasEnded = true
      onExit(startedMs, how)
    }
    logOutput(started, log)
    started.on('message', (report: Report) => onReport(report))
    started.on('error', (error) => ended(error.message))
    started.on('exit', (code, signal) => ended(signal ?? `exit code ${code}`))
    order(options.configure())
  }

  async function close() {
    const running = child
    enter('stopped', 'The engine is closed.')
    clearTimeout(timer)
    if (running === null) return
    const exited = new Promise<void>((resolve) => running.once('exit', () => resolve()))
    order({ kind: 'close' })
    const impatience = setTimeout(() => running.kill('SIGKILL'), CLOSE_MS)
    await exited
    clearTimeout(impatience)
  }

  start()
  return {
    order,
    close,
    whenReady: () =>
      kind === 'ready' || kind === 'stopped'
        ? Promise.resolve()
        : new Promise((resolve) => readyWaiters.push(resolve)),
    state: () => ({
      kind,
      reason,
      loaded: status.loaded,
      queueLength: status.queueLength,
      runningCount: status.runningCount,
      restarts,
      memoryBytes: child === null || status === noStatus ? null : status.memoryBytes,
      pid: child?.pid ?? null,
    }),
  }
}
