import type { Kysely } from 'kysely'
import type { KeyId, OrganisationId, PersonId, SubjectId, TeamId } from '../kernel/index.ts'
import type { Found } from './authenticate.ts'
import { parseRole, weakerOf } from './may-call.ts'
import type { PeopleTables } from './tables.ts'
import type { Key, Maker, PageWish, Role, Scope } from './types.ts'

type Database = Kysely<unknown>

export interface NewKey {
  readonly id: KeyId
  readonly hash: string
  readonly prefix: string
  readonly name: string
  readonly organisationId: OrganisationId
  readonly subjectId: SubjectId
  readonly personId: PersonId | null
  readonly teamId: TeamId | null
  readonly role: Role
  readonly scopes: readonly Scope[] | null
  readonly models: readonly string[] | null
  readonly isOwnerKey: boolean
  readonly expiresAt: Date | null
  /** Null: the market itself made it. */
  readonly madeBy: Maker | null
  readonly createdBy: PersonId
  readonly home: string | null
  readonly now: Date
}

export async function insertKey(db: Database, key: NewKey): Promise<void> {
  await tables(db)
    .insertInto('keys')
    .values({
      id: key.id,
      hash: key.hash,
      prefix: key.prefix,
      name: key.name,
      organisation_id: key.organisationId,
      subject_id: key.subjectId,
      person_id: key.personId,
      team_id: key.teamId,
      role: key.role,
      scopes: key.scopes === null ? null : [...key.scopes],
      models: key.models === null ? null : [...key.models],
      is_owner_key: key.isOwnerKey,
      expires_at: key.expiresAt,
      created_at: key.now,
      created_by: key.createdBy,
      made_by_key_id: key.madeBy?.keyId ?? null,
      made_by_subject_id: key.madeBy?.subjectId ?? null,
      home: key.home,
    })
    .execute()
}

/** Keys of an organisation, newest first; of one subject where `subjectId` names one. */
export async function listKeys(
  db: Database,
  of: { readonly organisationId: OrganisationId; readonly subjectId: SubjectId | null },
  page: PageWish,
): Promise<Key[]> {
  let query = tables(db)
    .selectFrom('keys')
    .selectAll()
    .where('organisation_id', '=', of.organisationId)
  if (of.subjectId !== null) query = query.where('subject_id', '=', of.subjectId)
  if (page.cursor !== null) query = query.where('id', '<', page.cursor as KeyId)
  const rows = await query.orderBy('id', 'desc').limit(page.limit).execute()
  return rows.map(keyOf)
}

export async function findKey(
  db: Database,
  organisationId: OrganisationId,
  keyId: string,
): Promise<Key | null> {
  const row = await tables(db)
    .selectFrom('keys')
    .selectAll()
    .where('organisation_id', '=', organisationId)
    .where('id', '=', keyId as KeyId)
    .executeTakeFirst()
  return row === undefined ? null : keyOf(row)
}

/** Revokes a key; revoked ones keep their moment. The hash it is known by; null: it is gone. */
export async function revokeKey(db: Database, keyId: KeyId, now: Date): Promise<string | null> {
  const row = await tables(db)
    .updateTable('keys')
    .set((keys) => ({ revoked_at: keys.fn.coalesce('revoked_at', keys.val(now)) }))
    .where('id', '=', keyId)
    .returning('hash')
    .executeTakeFirst()
  return row?.hash ?? null
}

/** Revokes the keys of somebody who leaves an organisation, and forgets how they were named. */
export async function retireKeysOfPerson(
  db: Database,
  of: { readonly organisationId: OrganisationId; readonly personId: PersonId },
  now: Date,
): Promise<void> {
  await tables(db)
    .updateTable('keys')
    .set((row) => ({ name: '', revoked_at: row.fn.coalesce('revoked_at', row.val(now)) }))
    .where('organisation_id', '=', of.organisationId)
    .where('person_id', '=', of.personId)
    .execute()
}

export async function revokeKeysOfTeam(db: Database, teamId: TeamId, now: Date): Promise<void> {
  await tables(db)
    .updateTable('keys')
    .set({ revoked_at: now })
    .where('team_id', '=', teamId)
    .where('revoked_at', 'is', null)
    .execute()
}

/** Revokes the owner's key of that id; a key of any other kind stays. */
export async function revokeOwnerKey(db: Database, id: string, now: Date): Promise<void> {
  await tables(db)
    .updateTable('keys')
    .set({ revoked_at: now })
    .where('id', '=', id as KeyId)
    .where('is_owner_key', '=', true)
    .where('revoked_at', 'is', null)
    .execute()
}

/** Notes where an owner's key lies, for one of which it is not known. */
export async function noteHome(db: Database, id: string, home: string): Promise<void> {
  await tables(db)
    .updateTable('keys')
    .set({ home })
    .where('id', '=', id as KeyId)
    .where('home', 'is', null)
    .execute()
}

/** Notes that keys are used now, each at most once in `restMs`. */
export async function noteKeyUses(
  db: Database,
  keyIds: readonly KeyId[],
  { now, restMs }: { readonly now: Date; readonly restMs: number },
): Promise<void> {
  const before = new Date(now.getTime() - restMs)
  await tables(db)
    .updateTable('keys')
    .set({ last_used_at: now })
    .where('id', 'in', [...keyIds])
    .where(({ or, eb }) => or([eb('last_used_at', 'is', null), eb('last_used_at', '<', before)]))
    .execute()
}

/** What is known of each hash; those of no key are left out. */
export async function loadKeys(
  db: Database,
  hashes: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, Found>> {
  const rows = await tables(db)
    .selectFrom('keys')
    .innerJoin('organisations', 'organisations.id', 'keys.organisation_id')
    .leftJoin('members', (join) =>
      join
        .onRef('members.organisation_id', '=', 'keys.organisation_id')
        .onRef('members.person_id', '=', 'keys.person_id'),
    )
    .where('keys.hash', 'in', [...hashes])
    .selectAll('keys')
    .select(['organisations.is_house', 'members.role as member_role'])
    .execute()
  return new Map(rows.map((row) => [row.hash, foundOf(row, now)]))
}

interface PrincipalRow {
  readonly id: KeyId
  readonly organisation_id: OrganisationId
  readonly subject_id: SubjectId
  readonly person_id: PersonId | null
  readonly team_id: TeamId | null
  readonly role: Role
  readonly member_role: string | null
  readonly is_house: boolean
  readonly models: string[] | null
  readonly scopes: Scope[] | null
  readonly expires_at: Date | null
  readonly revoked_at: Date | null
  readonly last_used_at: Date | null
}

function foundOf(row: PrincipalRow, now: Date): Found {
  const role = currentRole(row)
  if (row.revoked_at !== null || role === null) return { kind: 'revoked' }
  if (row.expires_at !== null && row.expires_at <= now) return { kind: 'expired' }
  return {
    kind: 'good',
    lastUsedMs: row.last_used_at?.getTime() ?? null,
    principal: {
      via: 'key',
      subjectId: row.subject_id,
      organisationId: row.organisation_id,
      personId: row.person_id,
      teamId: row.team_id,
      role,
      isHouse: row.is_house,
      keyId: row.id,
      models: row.models,
      scopes: row.scopes,
      expiresAtMs: row.expires_at?.getTime() ?? null,
    },
  }
}

/**
 * Null: whom the key belonged to has left. A key that is limited to models uses them and governs
 * nothing: whoever may set aliases or add providers could lift the limit.
 */
function currentRole(row: PrincipalRow): Role | null {
  if (row.team_id !== null) return 'member'
  if (row.member_role === null) return null
  return row.models === null ? weakerOf(row.role, parseRole(row.member_role)) : 'member'
}

export function keyOf(row: {
  readonly id: KeyId
  readonly name: string
  readonly prefix: string
  readonly subject_id: SubjectId
  readonly person_id: PersonId | null
  readonly team_id: TeamId | null
  readonly role: Role
  readonly scopes: Scope[] | null
  readonly models: string[] | null
  readonly is_owner_key: boolean
  readonly expires_at: Date | null
  readonly created_at: Date
  readonly created_by: PersonId | null
  readonly revoked_at: Date | null
  readonly made_by_key_id: KeyId | null
  readonly made_by_subject_id: SubjectId | null
  readonly home: string | null
  readonly last_used_at: Date | null
}): Key {
  const { made_by_key_id: keyId, made_by_subject_id: subjectId, created_by: personId } = row
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    subjectId: row.subject_id,
    personId: row.person_id,
    teamId: row.team_id,
    role: row.role,
    scopes: row.scopes,
    models: row.models,
    isOwnerKey: row.is_owner_key,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
    madeBy: subjectId === null ? null : { keyId, subjectId, personId },
    home: row.home,
    lastUsedAt: row.last_used_at,
  }
}

function tables(db: Database): Kysely<PeopleTables> {
  return db.withTables<PeopleTables>()
}
