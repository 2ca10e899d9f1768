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
import { hostname } from 'node:os'
import { dirname, resolve } from 'node:path'
import { refuse } from './errors.ts'

/**
 * The key kept in a file; null: there is no such file. A file that cannot be read is no reason to
 * issue another key: it refuses with `people_owner_key_unreadable`.
 */
export function readOwnerKey(path: string): string | null {
  return readText(path)
}

/** Puts a key into its place as a whole, for its owner's eyes only (mode 0600). */
export function writeOwnerKey(path: string, key: string): void {
  writeText(path, key)
}

/** The id of the key that was last in this home's file; null: none is noted. */
export function readIssuedKeyId(ownerKeyPath: string): string | null {
  const id = readText(idPathOf(ownerKeyPath))
  return id !== null && UUID.test(id) ? id : null
}

/** Notes which key this home has, so that its next one replaces it and no other home's. */
export function noteIssuedKeyId(ownerKeyPath: string, id: string): void {
  if (readIssuedKeyId(ownerKeyPath) !== id) writeText(idPathOf(ownerKeyPath), id)
}

/** The host and folder of an owner's key, such as `alpha:/srv/baimo`, to tell homes apart. */
export function homeOf(ownerKeyPath: string): string {
  return `${hostname()}:${dirname(resolve(ownerKeyPath))}`
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function idPathOf(ownerKeyPath: string): string {
  return `${ownerKeyPath}.id`
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw refuse(
      'people_owner_key_unreadable',
      `Cannot read ${path}: ${reasonOf(error)}. Give this user access to it, or move it away.`,
      { cause: error },
    )
  }
}

function writeText(path: string, text: string): void {
  const draft = `${path}.new`
  try {
    const file = openSync(draft, 'w', 0o600)
    writeSync(file, `${text}\n`)
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
