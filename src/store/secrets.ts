// edge: talks to the key file and the database

import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { sql } from 'kysely'
import { refuse } from './errors.ts'
import { type Secrets, secretsOf } from './seal.ts'
import type { Store } from './types.ts'

type CheckTable = { secret_check: { is_only: boolean; sealed: string } }

export interface SecretsOptions {
  readonly store: Store
  /** The key file: 64 hexadecimal digits. Made, mode 0600, where the database has none yet. */
  readonly path: string
}

const CHECK_CONTEXT = { table: 'secret_check', rowId: 'only' }
const CHECK_TEXT = 'the right key opens this'

/**
 * Opens the market's secrets and makes sure that the key belongs to this database.
 * Refuses with `store_secret_invalid`, `store_secret_mismatch`, `store_home_not_writable`.
 */
export async function openSecrets(options: SecretsOptions): Promise<Secrets> {
  const { path, store } = options
  const db = store.db.withTables<CheckTable>()
  const known = await db.selectFrom('secret_check').select('sealed').executeTakeFirst()
  if (known !== undefined && !existsSync(path))
    throw refuse(
      'store_secret_mismatch',
      `${path} is missing, and what this database keeps secret was sealed with it. Put it back.`,
    )
  const secrets = secretsOf(readOrMakeKey(path))
  await db
    .insertInto('secret_check')
    .values({ is_only: sql`true`, sealed: secrets.seal(CHECK_TEXT, CHECK_CONTEXT) })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const { sealed } = await db.selectFrom('secret_check').select('sealed').executeTakeFirstOrThrow()
  if (!opens(secrets, sealed))
    throw refuse(
      'store_secret_mismatch',
      `${path} is not the key that this database was sealed with. Put the right file back.`,
    )
  return secrets
}

function opens(secrets: Secrets, sealed: string): boolean {
  try {
    return secrets.open(sealed, CHECK_CONTEXT) === CHECK_TEXT
  } catch {
    return false // refused as a mismatch by the caller
  }
}

function readOrMakeKey(path: string): Buffer {
  if (!existsSync(path)) makeKey(path)
  const text = readFileSync(path, 'utf8').trim()
  if (!/^[0-9a-f]{64}$/i.test(text))
    throw refuse(
      'store_secret_invalid',
      `${path} is not a secret key: it must hold 64 hexadecimal digits. Put the right file back.`,
    )
  return Buffer.from(text, 'hex')
}

/**
 * Put into place once whole: a start that was cut short leaves no half key. A key that another
 * process put there meanwhile stays: replicas that start together share the file.
 */
function makeKey(path: string): void {
  const draft = `${path}.${process.pid}`
  try {
    writeFileSync(draft, `${randomBytes(32).toString('hex')}\n`, {
      mode: 0o600,
      flush: true,
    })
    putInPlace(draft, path)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw refuse('store_home_not_writable', `${path} cannot be made (${reason}).`, { cause })
  } finally {
    rmSync(draft, { force: true })
  }
}

/** A second name for a file is never given twice; where there are none, it takes the place. */
function putInPlace(draft: string, path: string): void {
  try {
    linkSync(draft, path)
  } catch {
    if (!existsSync(path)) renameSync(draft, path) // a file system without links
  }
}
