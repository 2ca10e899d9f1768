import type { Kysely } from 'kysely'
import type { KeyId, OrganisationId, PersonId, SubjectId } from '../kernel/index.ts'
import type { Found } from './authenticate.ts'
import { parseRole } from './may-call.ts'
import type { PeopleTables } from './tables.ts'

type Database = Kysely<unknown>

/** Whom a link signs in, and where. */
export interface LinkTarget {
  readonly personId: PersonId
  readonly organisationId: OrganisationId
}

/** A link as it is taken, with the key it was made with; null: none. */
export interface TakenLink extends LinkTarget {
  readonly madeByKeyId: KeyId | null
}

export async function insertLink(
  db: Database,
  link: TakenLink & {
    readonly id: string
    readonly hash: string
    readonly now: Date
    readonly expiresAt: Date
  },
): Promise<void> {
  await tables(db).deleteFrom('owner_links').where('expires_at', '<', link.now).execute()
  await tables(db)
    .insertInto('owner_links')
    .values({
      id: link.id,
      hash: link.hash,
      person_id: link.personId,
      organisation_id: link.organisationId,
      created_at: link.now,
      expires_at: link.expiresAt,
      made_by_key_id: link.madeByKeyId,
    })
    .execute()
}

/** Uses a link up, once however many ask at the same time; null: it is no good. */
export async function takeLink(db: Database, hash: string, now: Date): Promise<TakenLink | null> {
  const row = await tables(db)
    .updateTable('owner_links')
    .set({ used_at: now })
    .where('hash', '=', hash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .returning(['person_id', 'organisation_id', 'made_by_key_id'])
    .executeTakeFirst()
  if (row === undefined) return null
  const { person_id: personId, organisation_id: organisationId } = row
  return { personId, organisationId, madeByKeyId: row.made_by_key_id }
}

export async function insertSession(
  db: Database,
  session: TakenLink & {
    readonly id: string
    readonly hash: string
    readonly now: Date
    readonly expiresAt: Date
  },
): Promise<void> {
  await tables(db).deleteFrom('sessions').where('expires_at', '<', session.now).execute()
  await tables(db)
    .insertInto('sessions')
    .values({
      id: session.id,
      token: session.hash,
      person_id: session.personId,
      active_organisation_id: session.organisationId,
      expires_at: session.expiresAt,
      created_at: session.now,
      updated_at: session.now,
      made_by_key_id: session.madeByKeyId,
    })
    .execute()
}

export async function deleteSession(db: Database, hash: string): Promise<void> {
  await tables(db).deleteFrom('sessions').where('token', '=', hash).execute()
}

export async function deleteSessionsOf(db: Database, of: LinkTarget): Promise<void> {
  await tables(db)
    .deleteFrom('sessions')
    .where('person_id', '=', of.personId)
    .where('active_organisation_id', '=', of.organisationId)
    .execute()
}

/** What is known of each token's hash; those of no live session are left out. */
export async function loadSessions(
  db: Database,
  hashes: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, Found>> {
  const rows = await tables(db)
    .selectFrom('sessions')
    .innerJoin('subjects', 'subjects.person_id', 'sessions.person_id')
    .innerJoin('members', 'members.person_id', 'sessions.person_id')
    .innerJoin('organisations', 'organisations.id', 'members.organisation_id')
    .where('sessions.token', 'in', [...hashes])
    .where('sessions.expires_at', '>', now)
    .where((row) =>
      row(row.cast<string>('organisations.id', 'text'), '=', row.ref('active_organisation_id')),
    )
    .select([
      'sessions.token',
      'sessions.person_id',
      'sessions.made_by_key_id',
      'subjects.id as subject_id',
      'members.role',
      'organisations.id as organisation_id',
      'organisations.is_house',
    ])
    .execute()
  return new Map(rows.map((row) => [row.token, foundOf(row)]))
}

/**
 * Moves the end of sessions that are in use, but writes each at most once in `restMs`: the hashes
 * of those it moved.
 */
export async function extendSessions(
  db: Database,
  hashes: readonly string[],
  until: { readonly now: Date; readonly expiresAt: Date; readonly restMs: number },
): Promise<string[]> {
  const rows = await tables(db)
    .updateTable('sessions')
    .set({ expires_at: until.expiresAt, updated_at: until.now })
    .where('token', 'in', [...hashes])
    .where('expires_at', '>', until.now)
    .where('updated_at', '<', new Date(until.now.getTime() - until.restMs))
    .returning('token')
    .execute()
  return rows.map(({ token }) => token)
}

function foundOf(row: {
  readonly person_id: PersonId
  readonly made_by_key_id: KeyId | null
  readonly subject_id: SubjectId
  readonly role: string
  readonly organisation_id: OrganisationId
  readonly is_house: boolean
}): Found {
  return {
    kind: 'good',
    principal: {
      via: 'session',
      subjectId: row.subject_id,
      organisationId: row.organisation_id,
      personId: row.person_id,
      teamId: null,
      role: parseRole(row.role),
      isHouse: row.is_house,
      keyId: null,
      madeByKeyId: row.made_by_key_id,
      models: null,
      scopes: null,
      expiresAtMs: null,
    },
  }
}

function tables(db: Database): Kysely<PeopleTables> {
  return db.withTables<PeopleTables>()
}
