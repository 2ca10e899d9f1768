// edge: talks to the file system

import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isJsonObject, type Json, parseJson } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import type { Home } from './types.ts'

const SQLITE_BUSY = 5
const LOOK_MS = 1_000

/**
 * Opens the folder at `path` (made when absent) and holds it until `close` or the end of this
 * process, however that ends. `onLoss` is told once, in words, of what was taken away meanwhile.
 * Refuses with `store_home_in_use` and `store_home_not_writable`.
 */
export function openHome(path: string, onLoss: (words: string) => void = () => {}): Home {
  const home = resolve(path)
  const runPath = join(home, 'run')
  try {
    makeFolder(home)
    makeFolder(runPath)
    accessSync(home, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw notWritable(home, error)
  }
  const lock = holdHome(home, onLoss)
  return {
    path: home,
    ownerKeyPath: join(home, 'owner.key'),
    secretKeyPath: join(home, 'secret.key'),
    databasePath: join(home, 'pg'),
    runPath,
    marketPath: join(home, 'market.json'),
    close: lock.close,
  }
}

/**
 * A folder for this user alone, and its parents. Root's may be walked through: its database runs
 * as nobody. One folder at a time: where none can be made and none is there, as in /proc, Node's
 * `recursive` tries forever.
 */
export function makeFolder(path: string): void {
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
 * Two files are locked: either of them may be removed under us, as everything in `run` may, and is
 * made again then. Versions before 0.2 look at the one in `run` alone.
 */
function holdHome(home: string, onLoss: (words: string) => void): { close(): void } {
  const runPath = join(home, 'run')
  const paths = [join(home, 'home.lock'), join(runPath, 'home.lock')]
  const locks: FileLock[] = []
  try {
    for (const path of paths) locks.push(lockFile(home, path))
    writePid(runPath)
  } catch (error) {
    for (const { file } of locks) file.close()
    throw error
  }
  let isLost = false
  /** A home that is gone altogether is left so. */
  const look = (): void => {
    const gone = locks.filter((lock) => !isThere(lock))
    if (isLost || gone.length === 0) return
    isLost = !existsSync(home)
    onLoss(isLost ? `${home} was removed` : `${gone[0]?.path} was removed: it is made again`)
    if (isLost) return
    makeFolder(runPath)
    for (const lock of gone) Object.assign(lock, lockFile(home, lock.path))
    writePid(runPath)
  }
  const timer = setInterval(() => {
    try {
      look()
    } catch (error) {
      isLost = true
      onLoss(`the locks of ${home} cannot be made again: ${String(error)}`)
    }
  }, LOOK_MS).unref()
  return {
    close() {
      clearInterval(timer)
      for (const { file } of locks) if (file.isOpen) file.close()
    },
  }
}

interface FileLock {
  readonly path: string
  readonly file: DatabaseSync
  /** Which file it is, as another may take its path. */
  readonly inode: bigint
}

function isThere({ path, inode }: FileLock): boolean {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino === inode
}

/**
 * An exclusive transaction on an empty SQLite file is a lock of the operating system: it is gone
 * when the process is, even after SIGKILL, so no stale lock has to be told from a live one.
 */
function lockFile(home: string, path: string): FileLock {
  try {
    const file = new DatabaseSync(path, { timeout: 0 })
    file.exec('pragma journal_mode = memory; begin exclusive')
    return { path, file, inode: statSync(path, { bigint: true }).ino }
  } catch (error) {
    if (isBusy(error)) throw refuseHeld(home, readHolder(home), error)
    throw notWritable(home, error)
  }
}

function writePid(runPath: string): void {
  writeFileSync(join(runPath, 'home.pid'), JSON.stringify(process.pid))
}

/** Refuses with `store_home_in_use`; `pid` is whose home it is, null where that is not known. */
export function refuseHeld(home: string, pid: number | null, cause?: unknown): Error {
  const who = pid === null ? 'Another Baimo' : `Baimo with process id ${pid}`
  return refuse(
    'store_home_in_use',
    `${who} already runs on ${home}. Stop it, or set BAIMO_HOME to another folder.`,
    { cause, details: { pid } },
  )
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
}

/** Where `run` was removed, the file for the command line may still tell. */
function readHolder(home: string): number | null {
  const pid = readJson(join(home, 'run', 'home.pid'))
  if (typeof pid === 'number') return pid
  const market = readJson(join(home, 'market.json'))
  return isJsonObject(market) && typeof market.pid === 'number' ? market.pid : null
}

function readJson(path: string): Json | undefined {
  return existsSync(path) ? parseJson(readFileSync(path, 'utf8')) : undefined
}

function notWritable(home: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return refuse(
    'store_home_not_writable',
    `${home} cannot be written (${reason}). Give this user write access, or set BAIMO_HOME.`,
    { cause },
  )
}
