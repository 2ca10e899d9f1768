// edge: talks to the table of processes

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a running PostgreSQL says of itself in its data folder. */
export interface Postmaster {
  readonly pid: number
  readonly port: number
  /** Absent on Windows. */
  readonly socketPath: string | null
  /** Whether it takes connections: not while it recovers or stops. */
  readonly isReady: boolean
}

/** Reads `postmaster.pid`; null when it is absent or cut short. */
export function readPostmaster(dataPath: string): Postmaster | null {
  const path = join(dataPath, 'postmaster.pid')
  return existsSync(path) ? parsePostmaster(readFileSync(path, 'utf8')) : null
}

/** Lines: pid, data folder, start time, port, socket folder, address, memory key, state. */
export function parsePostmaster(text: string): Postmaster | null {
  const [pid, , , port, socketPath, , , state] = text.split(/\r?\n/)
  if (!/^\d+$/.test(pid ?? '') || !/^\d+$/.test(port ?? '')) return null
  return {
    pid: Number(pid),
    port: Number(port),
    socketPath: socketPath || null,
    isReady: state?.trim() === 'ready',
  }
}

/** Whether a process runs. A zombie, dead but not yet waited for, does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    const mayNotSignal = error instanceof Error && 'code' in error && error.code === 'EPERM'
    if (!mayNotSignal) return false
  }
  return !/^\d+ \(.*\) Z/.test(readProc(pid, 'stat'))
}

/** Whether the process of this id is PostgreSQL on this data folder: ids are used again. */
export function isPostgresOn(pid: number, dataPath: string): boolean {
  if (!isAlive(pid)) return false
  const command = commandOf(pid)
  if (process.platform === 'win32') return /postgres/i.test(command)
  return /postgres/.test(command) && command.includes(dataPath)
}

/** A setting of ours by which a PostgreSQL says who started it. */
export const STARTER = 'baimo.starter'

/**
 * The process that started a PostgreSQL and still runs: not one that took its place as parent.
 * Null: it ended, or that cannot be known, as on Windows.
 */
export function livingStarter(pid: number): number | null {
  const command = commandOf(pid)
  const starter = Number(new RegExp(`${STARTER}=(\\d+)`).exec(command)?.[1] ?? Number.NaN)
  return starter === parentOf(pid) ? starter : null
}

function parentOf(pid: number): number | null {
  if (process.platform === 'win32') return null
  const text =
    process.platform === 'linux'
      ? /^\d+ \(.*\) \S (\d+)/.exec(readProc(pid, 'stat'))?.[1]
      : askPs('ppid=', pid).trim()
  return /^\d+$/.test(text ?? '') ? Number(text) : null
}

function commandOf(pid: number): string {
  return process.platform === 'linux' ? readProc(pid, 'cmdline') : askForCommand(pid)
}

function readProc(pid: number, file: 'stat' | 'cmdline'): string {
  if (process.platform !== 'linux') return ''
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return '' // it ended between two looks
  }
}

function askForCommand(pid: number): string {
  if (process.platform !== 'win32') return askPs('command=', pid)
  return ask('tasklist', ['/fi', `pid eq ${pid}`, '/fo', 'csv', '/nh'])
}

function askPs(column: string, pid: number): string {
  return ask('ps', ['-o', column, '-p', String(pid)])
}

function ask(file: string, args: readonly string[]): string {
  try {
    return execFileSync(file, args, { encoding: 'utf8' })
  } catch {
    return '' // ps fails for a process that ended
  }
}
