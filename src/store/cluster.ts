// edge: talks to the file system and initdb

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Binaries } from './binaries.ts'
import { giveTo, invocation, type RunAs } from './run-as.ts'

/** The name of the one role and of the one database. */
export const ROLE = 'baimo'

/** What a program said when it could not do its work. */
export class ProgramFailure extends Error {
  constructor(program: string, words: string) {
    const lines = words.trim().split(/\r?\n/)
    super(`${program}: ${lines.slice(-3).join(' · ') || 'it said nothing'}`)
    this.name = 'ProgramFailure'
  }
}

export interface Cluster {
  readonly binaries: Binaries
  /** The data folder. */
  readonly dataPath: string
  /** Where PostgreSQL writes its own log. */
  readonly logPath: string
  /** Holds the generated password; used where unix sockets cannot. */
  readonly passwordPath: string
}

export function isInitialised(cluster: Cluster): boolean {
  return existsSync(join(cluster.dataPath, 'PG_VERSION'))
}

/** The password of the loopback connection; null on a unix socket, whose folder is private. */
export function readPassword(cluster: Cluster): string | null {
  return existsSync(cluster.passwordPath) ? readFileSync(cluster.passwordPath, 'utf8').trim() : null
}

/**
 * Makes the data folder, beside its place and renamed once whole: a start that was cut short
 * leaves nothing that looks like a database.
 */
export async function initialise(cluster: Cluster, runAs: RunAs): Promise<void> {
  const draft = `${cluster.dataPath}.new`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { recursive: true, mode: 0o700 })
  giveTo(runAs, [draft])
  const args = ['-D', draft, '-U', ROLE, '-E', 'UTF8', ...cluster.binaries.initArguments]
  await run(cluster, runAs, [
    ...args,
    '--no-instructions',

    ...authArguments(cluster),
  ])
  renameSync(draft, cluster.dataPath)
}

function authArguments(cluster: Cluster): string[] {
  if (process.platform !== 'win32') return ['-A', 'trust']
  mkdirSync(dirname(cluster.passwordPath), { recursive: true })
  writeFileSync(cluster.passwordPath, randomBytes(24).toString('hex'), { mode: 0o600 })
  return ['-A', 'scram-sha-256', `--pwfile=${cluster.passwordPath}`]
}

function run(cluster: Cluster, runAs: RunAs, args: readonly string[]): Promise<void> {
  const { file, args: all, options } = invocation(cluster.binaries, runAs, 'initdb', args)
  return new Promise((resolve, reject) => {
    const child = spawn(file, all, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
    let words = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      words += chunk.toString()
    })
    child.on('error', (error) => reject(new ProgramFailure('initdb', error.message)))
    child.on('close', (code) => {
      if (code === 0) resolve()
      else reject(new ProgramFailure('initdb', words || `exit ${code}`))
    })
  })
}

/** The log for a new run: kept over restarts, begun anew once it is long. */
export function openLog(cluster: Cluster): number {
  const MAX_BYTES = 4 << 20
  const isLong = existsSync(cluster.logPath) && readFileSync(cluster.logPath).length > MAX_BYTES
  return openSync(cluster.logPath, isLong ? 'w' : 'a', 0o600)
}
