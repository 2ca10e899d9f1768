// edge: talks to PostgreSQL's server process

import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../kernel/index.ts'
import { type Cluster, initialise, isInitialised, ProgramFailure } from './cluster.ts'
import { refuse } from './errors.ts'
import { makeFolder } from './home.ts'
import { giveTo, mayRunOtherwise, type RunAs, waysToRun } from './run-as.ts'
import {
  type Address,
  endOrphan,
  endProcess,
  type Running,
  type StartOptions,
  startProcess,
  usesTcp,
} from './server-process.ts'

export interface ServerOptions {
  readonly cluster: Cluster
  /** Folder of the socket; where its path is too long, a temporary folder takes its place. */
  readonly socketPath: string
  /** Settings of PostgreSQL, `name=value`. */
  readonly settings: readonly string[]
  readonly log: Log
  readonly onProgress: (text: string) => void
}

/** A PostgreSQL of our own that is kept running until `stop`. */
export interface Server {
  /** The same for as long as the server is kept, over restarts too. */
  readonly address: Address
  readonly runAs: RunAs
  /** Null while it is being started again. */
  pid(): number | null
  /** Fast shutdown: sessions end, everything is written. The second call waits with the first. */
  stop(): Promise<void>
}

const FIRST_RESTART_MS = 100
const SOCKET_LOOK_MS = 1_000
/** A full disk keeps it from starting for hours: it is back this soon after there is room. */
const LONGEST_RESTART_MS = 3_000

/**
 * Makes the database on first use, ends a server that a killed parent left, starts one, and
 * starts it again whenever it dies. The caller holds the home.
 * Refuses with `store_database_failed`.
 */
export async function openServer(options: ServerOptions): Promise<Server> {
  const { cluster, log } = options
  if (await endOrphan(cluster)) log.info({}, 'ended the database that a killed Baimo left')
  const socket = chooseSocketPath(options.socketPath)
  const first = await startAnyWay(options, socket.path)
  const removeSocket = () => {
    if (socket.isTemporary) rmSync(socket.path, { recursive: true, force: true })
  }
  const keeper = keepRunning(first, log)
  return {
    address: first.running.address,
    runAs: first.options.runAs,
    pid: keeper.pid,
    stop: () => keeper.stop().then(removeSocket),
  }
}

/** A unix socket's path has at most 107 bytes (103 on macOS): else a fresh private folder. */
export function chooseSocketPath(preferred: string): { path: string; isTemporary: boolean } {
  const LONGEST_BYTES = 103
  if (Buffer.byteLength(join(preferred, '.s.PGSQL.5432')) > LONGEST_BYTES)
    return { path: mkdtempSync(join(tmpdir(), 'baimo-')), isTemporary: true }
  mkdirSync(preferred, { recursive: true, mode: 0o700 })
  return { path: preferred, isTemporary: false }
}

interface Started {
  readonly running: Running
  readonly options: StartOptions
}

async function startAnyWay(options: ServerOptions, socketPath: string): Promise<Started> {
  const failures: string[] = []
  if (!isInitialised(options.cluster)) options.onProgress('making the database')
  for (const runAs of waysToRun()) {
    try {
      const how: StartOptions = { ...options, socketPath, runAs }
      return { running: await startOneWay(how), options: how }
    } catch (error) {
      if (!(error instanceof ProgramFailure)) throw error
      failures.push(error.message)
      if (!mayRunOtherwise(error.message)) break
      options.log.debug({ runAs, reason: error.message }, 'PostgreSQL does not start this way')
    }
  }
  const reasons = failures.join('; ')
  throw refuse(
    'store_database_failed',
    `PostgreSQL did not start. ${reasons}. See ${options.cluster.logPath}, or set DATABASE_URL.`,
  )
}

async function startOneWay(options: StartOptions): Promise<Running> {
  const { cluster, runAs, socketPath } = options
  if (!isInitialised(cluster)) {
    mkdirSync(dirname(cluster.dataPath), { recursive: true })
    await initialise(cluster, runAs)
  }
  giveTo(runAs, [cluster.dataPath, socketPath])
  return startProcess(options)
}

/** Starts the process again when it ends, later each time, until it is told to stop. */
function keepRunning(first: Started, log: Log): Pick<Server, 'pid' | 'stop'> {
  const how: StartOptions = { ...first.options, port: first.running.address.port }
  let current: Running | null = first.running
  let isStopping = false
  const stopWatching = watchSocket(how, () => current?.pid ?? null, log)

  const keep = async (): Promise<void> => {
    let waitMs = FIRST_RESTART_MS
    while (!isStopping) {
      await current?.ended
      if (isStopping) return
      if (current !== null) log.error({ pid: current.pid }, 'PostgreSQL ended, it is started again')
      current = null
      await sleep(waitMs)
      current = await tryToStart(how, log)
      waitMs = current === null ? Math.min(waitMs * 2, LONGEST_RESTART_MS) : FIRST_RESTART_MS
    }
    if (current !== null) await endProcess(current.pid, how.cluster)
  }
  const kept = keep()
  return {
    pid: () => current?.pid ?? null,
    async stop() {
      isStopping = true
      stopWatching()
      if (current !== null) await endProcess(current.pid, how.cluster)
      // The end of an unreferenced child is told late, and waiting for it keeps no process alive.
      const hold = setInterval(() => {}, 1_000)
      await kept.finally(() => clearInterval(hold))
    },
  }
}

/**
 * A server whose socket was removed, as those who tidy up do, can be reached no more: it is ended,
 * to be started again with one.
 */
function watchSocket(how: StartOptions, pid: () => number | null, log: Log): () => void {
  const path = join(how.socketPath, '.s.PGSQL.5432')
  let wasMissing = false // a server that ends by itself removes it a moment before
  let isEnding = false
  const look = async (): Promise<void> => {
    const running = pid()
    const isMissing = running !== null && !existsSync(path)
    const wasSeen = wasMissing
    wasMissing = isMissing
    if (!isMissing || !wasSeen || isEnding || !isInitialised(how.cluster)) return
    isEnding = true
    log.error({ path }, 'the socket of PostgreSQL was removed, it is started again')
    makeFolder(dirname(how.socketPath))
    mkdirSync(how.socketPath, { recursive: true, mode: 0o700 })
    giveTo(how.runAs, [how.socketPath])
    await endProcess(running, how.cluster)
    isEnding = false
  }
  if (usesTcp) return () => {}
  const timer = setInterval(() => {
    look().catch((error: unknown) => {
      isEnding = false
      log.error({ reason: String(error) }, 'the socket of PostgreSQL cannot be made again')
    })
  }, SOCKET_LOOK_MS).unref()
  return () => clearInterval(timer)
}

async function tryToStart(how: StartOptions, log: Log): Promise<Running | null> {
  try {
    return await startProcess(how)
  } catch (error) {
    log.warn({ reason: String(error) }, 'PostgreSQL did not start, it is tried again')
    return null
  }
}
