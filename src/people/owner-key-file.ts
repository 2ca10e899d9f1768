// edge: talks to the file system
import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { refuse } from './errors.ts'

/** The key kept in a file; null: there is none to be read. */
export function readOwnerKey(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return null // absent, or unreadable: either way a new one is issued in its place
  }
}

/** Puts a key into its place as a whole, for its owner's eyes only (mode 0600). */
export function writeOwnerKey(path: string, key: string): void {
  const draft = `${path}.new`
  try {
    const file = openSync(draft, 'w', 0o600)
    writeSync(file, `${key}\n`)
    fsyncSync(file)
    closeSync(file)
    chmodSync(draft, 0o600)
    renameSync(draft, path)
    syncFolder(dirname(path))
  } catch (error) {
    throw refuse('people_owner_key_unwritable', `Cannot write ${path}: ${reasonOf(error)}.`, {
      cause: error,
    })
  }
}

/** Takes rights from others that somebody gave them. */
export function closeOwnerKey(path: string): void {
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600)
}

/** A rename is kept only once its folder is; Windows opens no folders and needs none of this. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  fsyncSync(folder)
  closeSync(folder)
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
