import { type Kysely, sql } from 'kysely'
import type { KeyId, OrganisationId, PersonId, SubjectId } from '../kernel/index.ts'
import { keyOf } from './store-keys.ts'
import { type PersonRow, personColumns, personOf } from './store-people.ts'
import type { PeopleTables } from './tables.ts'
import type { Key, Person, Principal } from './types.ts'

type Database = Kysely<unknown>

/** Ids of what a key made, and of what that made in turn, as far as it was recorded. */
export interface MadeIds {
  readonly keyIds: readonly KeyId[]
  readonly personIds: readonly PersonId[]
}

/** Something made, and the organisation it belongs to. */
export interface Within<Item> {
  readonly item: Item
  readonly organisationId: OrganisationId
}

/**
 * Follows who made what from one key: keys made with it, people made with it, everything of these
 * people and what they made. `exceptId` is a person that is not followed. Step by step, and not in
 * one recursive statement: where one key made most of the rest, its plan would be quadratic.
 */
export async function findMadeIds(
  db: Database,
  keyId: KeyId,
  exceptId: PersonId | null,
): Promise<MadeIds> {
  const keyIds = new Set<KeyId>([keyId])
  const personIds = new Set<PersonId>(exceptId === null ? [] : [exceptId])
  let edge: Edge = { keyIds: [keyId], personIds: [], subjectIds: [] }
  while (edge.keyIds.length > 0 || edge.personIds.length > 0) {
    const keys = await findKeysMadeBy(db, edge)
    const people = await findPeopleMadeBy(db, edge)
    const newKeys = keys.filter(({ id }) => !keyIds.has(id))
    const newPeople = people.filter(({ id }) => !personIds.has(id))
    for (const { id } of newKeys) keyIds.add(id)
    for (const { id } of newPeople) personIds.add(id)
    edge = {
      keyIds: newKeys.map(({ id }) => id),
      personIds: newPeople.map(({ id }) => id),
      subjectIds: newPeople.map(({ subject_id }) => subject_id),
    }
  }
  keyIds.delete(keyId)
  if (exceptId !== null) personIds.delete(exceptId)
  return { keyIds: [...keyIds], personIds: [...personIds] }
}

/** What was found last, and whose makings are still to be looked for. */
interface Edge extends MadeIds {
  readonly subjectIds: readonly SubjectId[]
}

async function findKeysMadeBy(db: Database, edge: Edge) {
  const { rows } = await sql<{ id: KeyId }>`
    select id from keys where made_by_key_id = any(${[...edge.keyIds]}::uuid[])
      or person_id = any(${[...edge.personIds]}::uuid[])
      or made_by_subject_id = any(${[...edge.subjectIds]}::uuid[])`.execute(db)
  return rows
}

async function findPeopleMadeBy(db: Database, edge: Edge) {
  const { rows } = await sql<{ id: PersonId; subject_id: SubjectId }>`
    select people.id, subjects.id as subject_id from people
      join subjects on subjects.person_id = people.id
      where people.made_by_key_id = any(${[...edge.keyIds]}::uuid[])
        or people.made_by_subject_id = any(${[...edge.subjectIds]}::uuid[])`.execute(db)
  return rows
}

/** Those of the keys that open something, newest first. */
export async function listLiveKeys(
  db: Database,
  ids: readonly KeyId[],
  now: Date,
): Promise<Within<Key>[]> {
  if (ids.length === 0) return []
  const rows = await tables(db)
    .selectFrom('keys')
    .selectAll()
    .where(isIn('id', ids))
    .where('revoked_at', 'is', null)
    .where(({ or, eb }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .orderBy('id', 'desc')
    .execute()
  return rows.map((row) => ({ item: keyOf(row), organisationId: row.organisation_id }))
}

/** The people of these ids, once for each organisation they are in. */
export async function listMembers(
  db: Database,
  ids: readonly PersonId[],
): Promise<Within<Person>[]> {
  if (ids.length === 0) return []
  const rows: (PersonRow & { organisation_id: OrganisationId })[] = await tables(db)
    .selectFrom('people')
    .innerJoin('members', 'members.person_id', 'people.id')
    .leftJoin('subjects as makers', 'makers.id', 'people.made_by_subject_id')
    .where(isIn('people.id', ids))
    .select([...personColumns, 'members.organisation_id'])
    .orderBy('people.id')
    .execute()
  return rows.map((row) => ({ item: personOf(row), organisationId: row.organisation_id }))
}

/** Ways to sign in that a key, or one it made, opened, or that are of people it made. */
export interface MadeWays {
  readonly sessionCount: number
  readonly linkCount: number
}

export async function countWaysIn(db: Database, ids: MadeIds, now: Date): Promise<MadeWays> {
  const { rows } = await sql<{ sessions: number; links: number }>`
    select
      (select count(*)::int from sessions where expires_at > ${now} and ${isOf(ids)}) as sessions,
      (select count(*)::int from owner_links
        where expires_at > ${now} and used_at is null and ${isOf(ids)}) as links`.execute(db)
  return { sessionCount: rows[0]?.sessions ?? 0, linkCount: rows[0]?.links ?? 0 }
}

export async function deleteWaysIn(db: Database, ids: MadeIds): Promise<void> {
  await sql`delete from sessions where ${isOf(ids)}`.execute(db)
  await sql`delete from owner_links where ${isOf(ids)}`.execute(db)
}

/** However many: a list of `in` has a bound of parameters, an array has none. */
function isIn(column: string, ids: readonly string[]) {
  return sql<boolean>`${sql.ref(column)} = any(${[...ids]}::uuid[])`
}

function isOf({ keyIds, personIds }: MadeIds) {
  return sql<boolean>`(made_by_key_id = any(${[...keyIds]}::uuid[])
    or person_id = any(${[...personIds]}::uuid[]))`
}

/** Until the transaction ends, in the order of their ids. */
export async function lockKeys(db: Database, ids: readonly KeyId[]): Promise<void> {
  await tables(db)
    .selectFrom('keys')
    .select('id')
    .where(isIn('id', ids))
    .orderBy('id')
    .forUpdate()
    .execute()
}

export async function revokeKeys(db: Database, ids: readonly KeyId[], now: Date): Promise<void> {
  if (ids.length === 0) return
  await lockKeys(db, ids)
  await tables(db)
    .updateTable('keys')
    .set({ revoked_at: now })
    .where(isIn('id', ids))
    .where('revoked_at', 'is', null)
    .execute()
}

/**
 * Whether what a caller was let in by still holds, and cannot end before the transaction does:
 * who revokes it waits, and then sees what was made.
 */
export async function holdMaker(
  db: Database,
  { keyId, madeByKeyId, personId }: Principal,
): Promise<boolean> {
  const id = keyId ?? madeByKeyId ?? null
  if (id === null) return true
  const key = await tables(db)
    .selectFrom('keys')
    .select('revoked_at')
    .where('id', '=', id)
    .forShare()
    .executeTakeFirst()
  if (keyId !== null) return key?.revoked_at === null
  const session = await tables(db)
    .selectFrom('sessions')
    .select('id')
    .where('made_by_key_id', '=', id)
    .where('person_id', '=', personId as PersonId)
    .executeTakeFirst()
  return session !== undefined
}

function tables(db: Database): Kysely<PeopleTables> {
  return db.withTables<PeopleTables>()
}
