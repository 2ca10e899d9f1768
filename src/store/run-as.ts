// edge: talks to the file system, to give folders to another user

import type { SpawnOptions } from 'node:child_process'
import { lchownSync, lstatSync, readdirSync } from 'node:fs'
import { delimiter, join, parse } from 'node:path'
import type { Binaries } from './binaries.ts'

/**
 * PostgreSQL refuses to run as root. `self`: we are not root. `setuid`: run as nobody, who owns
 * the data. `userns`: stay root outside, be nobody in a user namespace; it reaches folders that
 * only root may enter, but some containers forbid it.
 */
export type RunAs = 'self' | 'setuid' | 'userns'

/** `nobody` on Linux and, as 65534, a harmless id elsewhere. */
const NOBODY = 65_534

/** Ways worth trying, best first. */
export function waysToRun(): readonly RunAs[] {
  if (process.platform !== 'linux') return ['self']
  return isRoot() ? ['setuid', 'userns'] : ['self', 'userns']
}

/** Gives folders that PostgreSQL writes to the user it will run as, when they are another's. */
export function giveTo(runAs: RunAs, paths: readonly string[]): void {
  if (!isRoot()) return
  const uid = runAs === 'setuid' ? NOBODY : 0
  for (const path of paths) if (lstatSync(path).uid !== uid) chownTree(path, uid)
}

/** The top folder goes last: while it is another's, the next start does the rest. */
function chownTree(path: string, uid: number): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name)
    if (entry.isDirectory()) chownTree(child, uid)
    else lchownSync(child, uid, uid)
  }
  lchownSync(path, uid, uid)
}

export interface Invocation {
  readonly file: string
  readonly args: readonly string[]
  readonly options: SpawnOptions
}

/** How to spawn one of the programs. Their environment is ours, not the user's PG* variables. */
export function invocation(
  binaries: Binaries,
  runAs: RunAs,
  program: 'initdb' | 'postgres' | 'pg_ctl',
  args: readonly string[],
): Invocation {
  const file = join(binaries.binPath, process.platform === 'win32' ? `${program}.exe` : program)
  const options: SpawnOptions = { cwd: parse(file).root, ...environment(binaries) }
  if (runAs === 'self') return { file, args, options }
  if (runAs === 'setuid') return { file, args, options: { ...options, uid: NOBODY, gid: NOBODY } }
  const map = ['--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, '--']
  return { file: 'unshare', args: [...map, file, ...args], options }
}

function environment(binaries: Binaries): SpawnOptions {
  if (process.platform === 'win32') return { windowsHide: true } // its libraries lie beside it
  const libraries = binaries.libraryPaths.join(delimiter)
  const name = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH'
  const base = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', TZ: 'UTC', LC_ALL: 'C' }
  return { env: libraries === '' ? base : { ...base, [name]: libraries } }
}

/**
 * Whether another way to run may cure what a program said before it failed: it may not enter a
 * folder, or (in a container) its user has no name, which initdb insists on.
 */
export function mayRunOtherwise(words: string): boolean {
  const reasons =
    /permission denied|EACCES|EPERM|not permitted|cannot open shared object|look up effective user/i
  return reasons.test(words)
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}
