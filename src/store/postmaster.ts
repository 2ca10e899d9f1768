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
  const command = process.platform === 'linux' ? readProc(pid, 'cmdline') : askForCommand(pid)
  if (process.platform === 'win32') return /postgres/i.test(command)
  return /postgres/.test(command) && command.includes(dataPath)
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
  const [file, args] =
    process.platform === 'win32'
      ? ['tasklist', ['/fi', `pid eq ${pid}`, '/fo', 'csv', '/nh']]
      : ['ps', ['-o', 'command=', '-p', String(pid)]]
  try {
    return execFileSync(file as string, args as string[], { encoding: 'utf8' })
  } catch {
    return '' // ps fails for a process that ended
  }
}
