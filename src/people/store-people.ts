import { type Kysely, sql } from 'kysely'
import type { KeyId, OrganisationId, PersonId, SubjectId } from '../kernel/index.ts'
import { keptEmail, shownEmail } from './email.ts'
import { parseRole } from './may-call.ts'
import type { PeopleTables } from './tables.ts'
import type { Maker, Organisation, PageWish, Person, Role } from './types.ts'

type Database = Kysely<unknown>

export interface NewPerson {
  readonly personId: PersonId
  readonly subjectId: SubjectId
  readonly memberId: string
  readonly organisationId: OrganisationId
  readonly name: string
  readonly email: string | null
  readonly role: Role
  /** Null: the market itself. */
  readonly madeBy: Maker | null
  readonly now: Date
}

/** Adds a person with its subject and its first membership. False: the e-mail address is taken. */
export async function insertPerson(db: Database, person: NewPerson): Promise<boolean> {
  const inserted = await tables(db)
    .insertInto('people')
    .values({
      id: person.personId,
      name: person.name,
      email: keptEmail(person.email, person.personId),
      email_verified: false,
      created_at: person.now,
      updated_at: person.now,
      made_by_key_id: person.madeBy?.keyId ?? null,
      made_by_subject_id: person.madeBy?.subjectId ?? null,
    })
    .onConflict((conflict) => conflict.column('email').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (inserted === undefined) return false
  await tables(db)
    .insertInto('subjects')
    .values({ id: person.subjectId, person_id: person.personId, created_at: person.now })
    .execute()
  await tables(db)
    .insertInto('members')
    .values({
      id: person.memberId,
      organisation_id: person.organisationId,
      person_id: person.personId,
      role: person.role,
      created_at: person.now,
    })
    .execute()
  return true
}

export async function listPeople(
  db: Database,
  organisationId: OrganisationId,
  page: PageWish,
): Promise<Person[]> {
  let query = peopleOf(db, organisationId)
  if (page.cursor !== null) query = query.where('people.id', '>', page.cursor as PersonId)
  const rows = await query.orderBy('people.id').limit(page.limit).execute()
  return rows.map(personOf)
}

export async function findPerson(
  db: Database,
  organisationId: OrganisationId,
  personId: string,
): Promise<Person | null> {
  const row = await peopleOf(db, organisationId)
    .where('people.id', '=', personId as PersonId)
    .executeTakeFirst()
  return row === undefined ? null : personOf(row)
}

/** The organisation that somebody came to first; null: nobody has that id. */
export async function findFirstMembership(
  db: Database,
  personId: string,
): Promise<{ readonly personId: PersonId; readonly organisationId: OrganisationId } | null> {
  const row = await tables(db)
    .selectFrom('members')
    .select(['person_id', 'organisation_id'])
    .where('person_id', '=', personId as PersonId)
    .orderBy('created_at')
    .orderBy('id')
    .executeTakeFirst()
  return row === undefined ? null : { personId: row.person_id, organisationId: row.organisation_id }
}

/** False: the e-mail address is taken. */
export async function updatePerson(
  db: Database,
  personId: PersonId,
  change: { readonly name?: string; readonly email?: string | null; readonly now: Date },
): Promise<boolean> {
  const email = change.email === undefined ? undefined : keptEmail(change.email, personId)
  if (email !== undefined && (await isEmailOfOther(db, personId, email))) return false
  try {
    await tables(db)
      .updateTable('people')
      .set({
        updated_at: change.now,
        ...(change.name === undefined ? {} : { name: change.name }),
        ...(email === undefined ? {} : { email, email_verified: false }),
      })
      .where('id', '=', personId)
      .execute()
  } catch (error) {
    // Somebody else took the address after the look above; of people only it is unique.
    if (isUniqueViolation(error)) return false
    throw error
  }
  return true
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23505'
}

export async function setRole(
  db: Database,
  of: { readonly organisationId: OrganisationId; readonly personId: PersonId },
  role: Role,
): Promise<void> {
  await tables(db)
    .updateTable('members')
    .set({ role })
    .where('organisation_id', '=', of.organisationId)
    .where('person_id', '=', of.personId)
    .execute()
}

/** Ends a membership; true: it was the person's last. */
export async function deleteMember(
  db: Database,
  of: { readonly organisationId: OrganisationId; readonly personId: PersonId },
): Promise<boolean> {
  await tables(db)
    .deleteFrom('members')
    .where('organisation_id', '=', of.organisationId)
    .where('person_id', '=', of.personId)
    .execute()
  const other = await tables(db)
    .selectFrom('members')
    .select('id')
    .where('person_id', '=', of.personId)
    .executeTakeFirst()
  return other === undefined
}

/** Erases who a person is: name, address, sign-ins and sessions go, the subject stays unlinked. */
export async function erasePerson(db: Database, personId: PersonId): Promise<void> {
  const person = await tables(db)
    .deleteFrom('people')
    .where('id', '=', personId)
    .returning('email')
    .executeTakeFirst()
  if (person === undefined) return
  await tables(db).deleteFrom('invitations').where('email', '=', person.email).execute()
  await tables(db).deleteFrom('verifications').where('identifier', '=', person.email).execute()
}

/** Two processes on one database set it up one after the other; ends with the transaction. */
export async function lockSetUp(db: Database): Promise<void> {
  await sql`select pg_advisory_xact_lock(7302026002)`.execute(db)
}

/** Nobody else changes an organisation's roles until the transaction ends. */
export async function lockOrganisation(db: Database, id: OrganisationId): Promise<void> {
  await tables(db)
    .selectFrom('organisations')
    .select('id')
    .where('id', '=', id)
    .forUpdate()
    .execute()
}

export async function countOwners(db: Database, organisationId: OrganisationId): Promise<number> {
  const rows = await tables(db)
    .selectFrom('members')
    .select('role')
    .where('organisation_id', '=', organisationId)
    .where('role', 'like', '%owner%')
    .execute()
  return rows.filter((row) => parseRole(row.role) === 'owner').length
}

/** Null: the market was never set up. */
export async function findHouse(db: Database): Promise<Organisation | null> {
  const row = await tables(db)
    .selectFrom('organisations')
    .selectAll()
    .where('is_house', '=', true)
    .executeTakeFirst()
  return row === undefined ? null : organisationOf(row)
}

/** The owner who was there first; null: there is none, which the rules do not allow. */
export async function findFirstOwner(
  db: Database,
  organisationId: OrganisationId,
): Promise<Person | null> {
  const rows = await peopleOf(db, organisationId)
    .where('members.role', 'like', '%owner%')
    .orderBy('members.created_at')
    .orderBy('people.id')
    .execute()
  return rows.map(personOf).find((person) => person.role === 'owner') ?? null
}

export async function findOrganisation(
  db: Database,
  id: OrganisationId,
): Promise<Organisation | null> {
  const row = await tables(db)
    .selectFrom('organisations')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row === undefined ? null : organisationOf(row)
}

export async function listOrganisations(db: Database, page: PageWish): Promise<Organisation[]> {
  let query = tables(db).selectFrom('organisations').selectAll()
  if (page.cursor !== null) query = query.where('id', '>', page.cursor as OrganisationId)
  const rows = await query.orderBy('id').limit(page.limit).execute()
  return rows.map(organisationOf)
}

/** False: the slug is taken. */
export async function insertOrganisation(
  db: Database,
  organisation: Organisation,
): Promise<boolean> {
  const row = await tables(db)
    .insertInto('organisations')
    .values({
      id: organisation.id,
      name: organisation.name,
      slug: organisation.slug,
      created_at: organisation.createdAt,
      is_house: organisation.isHouse,
    })
    .onConflict((conflict) => conflict.column('slug').doNothing())
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** The subject that stands for a person. */
export async function findSubject(db: Database, personId: PersonId): Promise<SubjectId | null> {
  const row = await tables(db)
    .selectFrom('subjects')
    .select('id')
    .where('person_id', '=', personId)
    .executeTakeFirst()
  return row?.id ?? null
}

async function isEmailOfOther(db: Database, personId: PersonId, email: string): Promise<boolean> {
  const row = await tables(db)
    .selectFrom('people')
    .select('id')
    .where('email', '=', email)
    .where('id', '<>', personId)
    .executeTakeFirst()
  return row !== undefined
}

function peopleOf(db: Database, organisationId: OrganisationId) {
  return tables(db)
    .selectFrom('people')
    .innerJoin('members', 'members.person_id', 'people.id')
    .leftJoin('subjects as makers', 'makers.id', 'people.made_by_subject_id')
    .where('members.organisation_id', '=', organisationId)
    .select([...personColumns])
}

/** What `personOf` reads, of people, their membership and the subject of who made them. */
export const personColumns = [
  'people.id',
  'people.name',
  'people.email',
  'people.created_at',
  'people.made_by_key_id',
  'people.made_by_subject_id',
  'makers.person_id as made_by_person_id',
  'members.role',
] as const

export interface PersonRow {
  readonly id: PersonId
  readonly name: string
  readonly email: string
  readonly role: string
  readonly created_at: Date
  readonly made_by_key_id: KeyId | null
  readonly made_by_subject_id: SubjectId | null
  readonly made_by_person_id: PersonId | null
}

export function personOf(row: PersonRow): Person {
  const { made_by_key_id: keyId, made_by_subject_id: subjectId } = row
  return {
    id: row.id,
    name: row.name,
    email: shownEmail(row.email),
    role: parseRole(row.role),
    createdAt: row.created_at,
    madeBy: subjectId === null ? null : { keyId, subjectId, personId: row.made_by_person_id },
  }
}

function organisationOf(row: {
  readonly id: OrganisationId
  readonly name: string
  readonly slug: string
  readonly is_house: boolean
  readonly created_at: Date
}): Organisation {
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    isHouse: row.is_house,
    createdAt: row.created_at,
  }
}

function tables(db: Database): Kysely<PeopleTables> {
  return db.withTables<PeopleTables>()
}
