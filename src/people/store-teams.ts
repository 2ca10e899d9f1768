import { type Kysely, sql } from 'kysely'
import type { OrganisationId, PersonId, SubjectId, TeamId } from '../kernel/index.ts'
import type { PeopleTables } from './tables.ts'
import type { PageWish, Team } from './types.ts'

type Database = Kysely<unknown>

export async function insertTeam(
  db: Database,
  team: {
    readonly id: TeamId
    readonly subjectId: SubjectId
    readonly organisationId: OrganisationId
    readonly name: string
    readonly now: Date
  },
): Promise<void> {
  await tables(db)
    .insertInto('teams')
    .values({
      id: team.id,
      name: team.name,
      member_count: 0,
      organisation_id: team.organisationId,
      created_at: team.now,
    })
    .execute()
  await tables(db)
    .insertInto('subjects')
    .values({ id: team.subjectId, team_id: team.id, created_at: team.now })
    .execute()
}

export async function listTeams(
  db: Database,
  organisationId: OrganisationId,
  page: PageWish,
): Promise<Team[]> {
  let query = tables(db)
    .selectFrom('teams')
    .select(['id', 'name', 'created_at'])
    .where('organisation_id', '=', organisationId)
  if (page.cursor !== null) query = query.where('id', '>', page.cursor as TeamId)
  const rows = await query.orderBy('id').limit(page.limit).execute()
  const members = await membersOf(
    db,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    memberIds: members.get(row.id) ?? [],
    createdAt: row.created_at,
  }))
}

/** A team of an organisation and its subject; null: the organisation has none of that id. */
export async function findTeam(
  db: Database,
  organisationId: OrganisationId,
  teamId: string,
): Promise<{ readonly id: TeamId; readonly subjectId: SubjectId } | null> {
  const row = await tables(db)
    .selectFrom('teams')
    .innerJoin('subjects', 'subjects.team_id', 'teams.id')
    .where('teams.organisation_id', '=', organisationId)
    .where('teams.id', '=', teamId as TeamId)
    .select(['teams.id', 'subjects.id as subject_id'])
    .executeTakeFirst()
  return row === undefined ? null : { id: row.id, subjectId: row.subject_id }
}

/** Whether an organisation has a team of that name, however it is capitalised. */
export async function hasTeamNamed(
  db: Database,
  organisationId: OrganisationId,
  name: string,
): Promise<boolean> {
  const row = await tables(db)
    .selectFrom('teams')
    .select('id')
    .where('organisation_id', '=', organisationId)
    .where(sql<boolean>`lower(name) = lower(${name})`)
    .executeTakeFirst()
  return row !== undefined
}

export async function deleteTeam(db: Database, teamId: TeamId): Promise<void> {
  await tables(db).deleteFrom('teams').where('id', '=', teamId).execute()
}

/** Adds somebody; who is there already stays. */
export async function insertTeamMember(
  db: Database,
  member: {
    readonly id: string
    readonly teamId: TeamId
    readonly personId: PersonId
    readonly membershipKey: string
    readonly now: Date
  },
): Promise<void> {
  await tables(db)
    .insertInto('team_members')
    .values({
      id: member.id,
      team_id: member.teamId,
      person_id: member.personId,
      membership_key: member.membershipKey,
      created_at: member.now,
    })
    .onConflict((conflict) => conflict.columns(['team_id', 'person_id']).doNothing())
    .execute()
  await recount(db, [member.teamId])
}

export async function deleteTeamMember(
  db: Database,
  teamId: TeamId,
  personId: PersonId,
): Promise<void> {
  await tables(db)
    .deleteFrom('team_members')
    .where('team_id', '=', teamId)
    .where('person_id', '=', personId)
    .execute()
  await recount(db, [teamId])
}

/** Takes somebody out of every team of an organisation. */
export async function leaveTeams(
  db: Database,
  of: { readonly organisationId: OrganisationId; readonly personId: PersonId },
): Promise<void> {
  const left = await tables(db)
    .deleteFrom('team_members')
    .where('person_id', '=', of.personId)
    .where(({ eb, selectFrom }) =>
      eb(
        'team_id',
        'in',
        selectFrom('teams').select('teams.id').where('organisation_id', '=', of.organisationId),
      ),
    )
    .returning('team_id')
    .execute()
  await recount(
    db,
    left.map(({ team_id }) => team_id),
  )
}

/** better-auth keeps the number of members beside them; so it is kept true here too. */
async function recount(db: Database, teamIds: readonly TeamId[]): Promise<void> {
  if (teamIds.length === 0) return
  await tables(db)
    .updateTable('teams')
    .set(({ selectFrom }) => ({
      member_count: selectFrom('team_members')
        .select(({ fn, cast }) => cast<number>(fn.countAll(), 'integer').as('count'))
        .whereRef('team_members.team_id', '=', 'teams.id'),
    }))
    .where('id', 'in', [...teamIds])
    .execute()
}

async function membersOf(
  db: Database,
  teamIds: readonly TeamId[],
): Promise<ReadonlyMap<TeamId, readonly PersonId[]>> {
  if (teamIds.length === 0) return new Map()
  const rows = await tables(db)
    .selectFrom('team_members')
    .select(['team_id', 'person_id'])
    .where('team_id', 'in', [...teamIds])
    .orderBy('person_id')
    .execute()
  const grouped = Map.groupBy(rows, (row) => row.team_id)
  return new Map([...grouped].map(([id, list]) => [id, list.map((row) => row.person_id)]))
}

function tables(db: Database): Kysely<PeopleTables> {
  return db.withTables<PeopleTables>()
}
