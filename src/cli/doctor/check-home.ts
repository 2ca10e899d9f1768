import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { BAIMO } from '../words.ts'
import { broken, type Check, ok, warning } from './check.ts'
import { nearestExisting } from './check-machine.ts'

export function checkHome(home: string): Check {
  const exists = existsSync(home)
  const folder = nearestExisting(home)
  const mend = `Give this user write access to ${folder}, or set BAIMO_HOME to another folder.`
  if (!statSync(folder).isDirectory())
    return broken('home', `${folder} is no folder`, 'Set BAIMO_HOME to a folder.')
  if (!isWritable(folder)) return broken('home', `${folder} cannot be written`, mend)
  return ok('home', exists ? `${home}, writable` : `${home}, made by the first start`)
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false // for whatever reason: the check says what to do
  }
}

/** The owner's key and the key of the secrets: there, not empty, for nobody else's eyes. */
export function checkKeyFiles(home: string, secretFile: string | null): Check[] {
  const isUsed = existsSync(join(home, 'pg', 'PG_VERSION'))
  return [
    checkKeyFile('owner.key', join(home, 'owner.key'), {
      isUsed,
      whenMissing: (path) =>
        warning('owner.key', `${path} is missing`, `The next "${BAIMO} start" issues a new one.`),
    }),
    checkKeyFile('secret.key', secretFile ?? join(home, 'secret.key'), {
      isUsed,
      whenMissing: (path) =>
        broken(
          'secret.key',
          `${path} is missing`,
          'Put it back from a backup: without it the keys of providers cannot be read.',
        ),
    }),
  ]
}

interface KeyFileOptions {
  /** Whether the home has a database, so that the file must be there. */
  readonly isUsed: boolean
  readonly whenMissing: (path: string) => Check
}

function checkKeyFile(part: string, path: string, options: KeyFileOptions): Check {
  if (!existsSync(path))
    return options.isUsed ? options.whenMissing(path) : ok(part, 'made by the first start')
  const mode = statSync(path).mode & 0o777
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    const found = `others may read ${path} (mode ${mode.toString(8)})`
    return broken(part, found, `Run "chmod 600 ${path}".`)
  }
  try {
    if (readFileSync(path, 'utf8').trim() === '')
      return broken(part, `${path} is empty`, emptyRemedy(part))
  } catch {
    return broken(part, `${path} cannot be read`, `Run ${BAIMO} as the user who owns the file.`)
  }
  return ok(part, `${path}, for its owner alone`)
}

function emptyRemedy(part: string): string {
  return part === 'owner.key'
    ? `Delete it: the next "${BAIMO} start" issues a new one.`
    : 'Put it back from a backup: without it the keys of providers cannot be read.'
}
