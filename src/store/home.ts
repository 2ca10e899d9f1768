// edge: talks to the file system

import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseJson } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import type { Home } from './types.ts'

const SQLITE_BUSY = 5

/**
 * Opens the folder at `path` (made when absent) and holds it until `close` or the end of this
 * process, however that ends.
 * Refuses with `store_home_in_use` and `store_home_not_writable`.
 */
export function openHome(path: string): Home {
  const home = resolve(path)
  const runPath = join(home, 'run')
  try {
    makeFolder(home)
    makeFolder(runPath)
    accessSync(home, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw notWritable(home, error)
  }
  const lock = lockHome(home, runPath)
  return {
    path: home,
    ownerKeyPath: join(home, 'owner.key'),
    secretKeyPath: join(home, 'secret.key'),
    databasePath: join(home, 'pg'),
    runPath,
    marketPath: join(home, 'market.json'),
    close() {
      if (lock.isOpen) lock.close()
    },
  }
}

/**
 * A folder for this user alone, and its parents. Root's may be walked through: its database runs
 * as nobody. One folder at a time: where none can be made and none is there, as in /proc, Node's
 * `recursive` tries forever.
 */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  try {
    mkdirSync(path)
  } catch (error) {
    if (!existsSync(path)) throw error
    return // another start made it meanwhile
  }
  chmodSync(path, process.getuid?.() === 0 ? 0o711 : 0o700)
}

/**
 * An exclusive transaction on an empty SQLite file is a lock of the operating system: it is gone
 * when the process is, even after SIGKILL, so no stale lock has to be told from a live one.
 */
function lockHome(home: string, runPath: string): DatabaseSync {
  const pidPath = join(runPath, 'home.pid')
  try {
    const lock = new DatabaseSync(join(runPath, 'home.lock'), { timeout: 0 })
    lock.exec('pragma journal_mode = memory; begin exclusive')
    writeFileSync(pidPath, JSON.stringify(process.pid))
    return lock
  } catch (error) {
    if (!isBusy(error)) throw notWritable(home, error)
    const pid = readPid(pidPath)
    const who = pid === null ? 'Another Baimo' : `Baimo with process id ${pid}`
    throw refuse(
      'store_home_in_use',
      `${who} already runs on ${home}. Stop it, or set BAIMO_HOME to another folder.`,
      { cause: error, details: { pid } },
    )
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
}

function readPid(path: string): number | null {
  if (!existsSync(path)) return null
  const pid = parseJson(readFileSync(path, 'utf8'))
  return typeof pid === 'number' ? pid : null
}

function notWritable(home: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return refuse(
    'store_home_not_writable',
    `${home} cannot be written (${reason}). Give this user write access, or set BAIMO_HOME.`,
    { cause },
  )
}
