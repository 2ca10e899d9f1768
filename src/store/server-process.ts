// edge: talks to PostgreSQL's server process

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { type Cluster, openLog, ProgramFailure, ROLE, readPassword } from './cluster.ts'
import { refuseHeld } from './home.ts'
import { newClient } from './open-pool.ts'
import { isAlive, isPostgresOn, livingStarter, readPostmaster, STARTER } from './postmaster.ts'
import { invocation, type RunAs } from './run-as.ts'

/** How to reach a PostgreSQL server, as the pg library takes it. */
export interface Address {
  /** A socket folder, or a loopback address. */
  readonly host: string
  readonly port: number
  readonly password: string | null
}

/** A server process that answers. */
export interface Running {
  readonly pid: number
  readonly address: Address
  /** Resolves when the process is gone, for whatever reason. */
  readonly ended: Promise<void>
}

export interface StartOptions {
  readonly cluster: Cluster
  readonly runAs: RunAs
  readonly socketPath: string
  readonly settings: readonly string[]
  /** The port of an earlier run, so that its address stays true; absent: any free one. */
  readonly port?: number
  readonly onProgress: (text: string) => void
}

/** Windows has no unix sockets that PostgreSQL takes. */
export const usesTcp = process.platform === 'win32'
const POLL_MS = 10
const SILENT_START_MS = 3_000
const LONGEST_START_MS = 600_000
const FAST_SHUTDOWN_MS = 20_000
const IMMEDIATE_SHUTDOWN_MS = 10_000

/**
 * Starts PostgreSQL in a process group of its own (a Ctrl-C in the terminal must not stop it
 * while answers still drain) and resolves once it answers.
 * Throws ProgramFailure with its last words when it ends before that.
 */
export async function startProcess(options: StartOptions): Promise<Running> {
  const { cluster, socketPath } = options
  const port = options.port ?? (usesTcp ? await freePort() : 5432)
  const host = usesTcp ? '127.0.0.1' : socketPath
  const address: Address = { host, port, password: usesTcp ? readPassword(cluster) : null }
  const log = openLog(cluster)
  const logStart = readFileSync(cluster.logPath).length
  const child = spawnServer(options, address, log)
  closeSync(log)
  const failure = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('exit', (code, signal) => {
      if (!usesTcp || code !== 0) resolve(`exit ${code ?? signal}`)
    })
  })
  let words: string | null = null
  void failure.then((reason) => {
    words = `${readLog(cluster, logStart)}\n${reason}`
  })
  await untilItAnswers(options, address, () => words)
  const pid = usesTcp ? readPostmaster(cluster.dataPath)?.pid : child.pid
  if (pid === undefined) throw new ProgramFailure('postgres', 'it left no process id')
  child.unref()
  return { pid, address, ended: usesTcp ? untilGone(pid, POLL_MS * 50) : failure.then(() => {}) }
}

/** What the server wrote since; nothing where its log was taken away, as rotation does. */
function readLog(cluster: Cluster, start: number): string {
  try {
    return readFileSync(cluster.logPath).subarray(start).toString()
  } catch {
    return ''
  }
}

function spawnServer(options: StartOptions, address: Address, log: number): ChildProcess {
  const { cluster, runAs } = options
  const where = usesTcp
    ? ['listen_addresses=127.0.0.1', `port=${address.port}`, 'unix_socket_directories=']
    : [
        'listen_addresses=',
        `unix_socket_directories=${address.host}`,
        'unix_socket_permissions=0700',
      ]
  const starter = `${STARTER}=${process.pid}`
  const settings = [...where, starter, ...options.settings].flatMap((setting) => ['-c', setting])
  // On Windows pg_ctl gives up an administrator's rights first: postgres refuses to run with them.
  const {
    file,
    args,
    options: how,
  } = usesTcp
    ? invocation(cluster.binaries, runAs, 'pg_ctl', [
        ...['start', '-W', '-s', '-D', cluster.dataPath, '-l', cluster.logPath],
        ...['-o', settings.join(' ')],
      ])
    : invocation(cluster.binaries, runAs, 'postgres', ['-D', cluster.dataPath, ...settings])
  return spawn(file, args, { ...how, detached: true, stdio: ['ignore', log, log] })
}

/** Looks at what the server says in its data folder first: a refused connection fills its log. */
async function untilItAnswers(
  options: StartOptions,
  address: Address,
  wordsOfFailure: () => string | null,
): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    const words = wordsOfFailure()
    if (words !== null) throw new ProgramFailure('postgres', words)
    const isReady = readPostmaster(options.cluster.dataPath)?.isReady === true
    const reason = isReady ? await reasonNotToAnswer(address) : 'it was not ready in time'
    if (reason === null) return
    if (waitedMs === SILENT_START_MS)
      options.onProgress('the database recovers from an unclean stop')
    if (waitedMs > LONGEST_START_MS) throw new ProgramFailure('postgres', reason)
    await sleep(POLL_MS)
  }
}

/** Null when the server takes statements, otherwise what it said. */
async function reasonNotToAnswer(address: Address): Promise<string | null> {
  const client = newClient(clientConfig(address, 'postgres'))
  try {
    await client.connect()
    await client.query('select 1')
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    await client.end()
  }
}

/** Everything is said here: the pg library would take what is missing from PG* variables. */
export function clientConfig(address: Address, database: string): pg.ClientConfig {
  return {
    host: address.host,
    port: address.port,
    user: ROLE,
    password: address.password ?? '',
    database,
    ssl: false,
    options: '',
    connectionTimeoutMillis: 5_000,
  }
}

/**
 * Ends a server that a killed Baimo left on this data folder. The caller holds the home; should the
 * locks have been removed under another that runs, its server tells, and that is refused with
 * `store_home_in_use`.
 */
export async function endOrphan(cluster: Cluster): Promise<boolean> {
  const postmaster = readPostmaster(cluster.dataPath)
  if (postmaster === null) return false
  if (isPostgresOn(postmaster.pid, cluster.dataPath)) {
    const starter = livingStarter(postmaster.pid)
    if (starter !== null && starter !== process.pid)
      throw refuseHeld(dirname(cluster.dataPath), starter)
    await endProcess(postmaster.pid, cluster)
    return true
  }
  // The process id may be another program's by now, which PostgreSQL would take for a server.
  rmSync(join(cluster.dataPath, 'postmaster.pid'), { force: true })
  return false
}

/** Fast shutdown, and an immediate one (recovery follows at the next start) if that takes long. */
export async function endProcess(pid: number, cluster: Cluster): Promise<void> {
  signalServer(pid, 'SIGINT', cluster)
  if (await isGoneWithin(pid, FAST_SHUTDOWN_MS)) return
  signalServer(pid, 'SIGQUIT', cluster)
  if (await isGoneWithin(pid, IMMEDIATE_SHUTDOWN_MS)) return
  signalServer(pid, 'SIGKILL', cluster)
  await untilGone(pid, POLL_MS)
}

function signalServer(
  pid: number,
  signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL',
  cluster: Cluster,
): void {
  if (!isAlive(pid)) return
  if (!usesTcp || signal === 'SIGKILL') {
    process.kill(pid, signal)
    return
  }
  const mode = signal === 'SIGINT' ? 'fast' : 'immediate'
  const args = ['stop', '-W', '-s', '-D', cluster.dataPath, '-m', mode]
  const { file, args: all, options } = invocation(cluster.binaries, 'self', 'pg_ctl', args)
  spawn(file, all, { ...options, stdio: 'ignore' })
}

async function isGoneWithin(pid: number, limitMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < limitMs; waitedMs += POLL_MS) {
    if (!isAlive(pid)) return true
    await sleep(POLL_MS)
  }
  return !isAlive(pid)
}

async function untilGone(pid: number, pollMs: number): Promise<void> {
  while (isAlive(pid)) await sleep(pollMs, undefined, { ref: false })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
