import { hash } from 'node:crypto'
import { newId, type PersonId, type TeamId } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import { changeAccess, type Database, type Means, pageOf } from './service-means.ts'
import { revokeKeysOfTeam } from './store-keys.ts'
import { findPerson, lockOrganisation } from './store-people.ts'
import {
  deleteTeam,
  deleteTeamMember,
  findTeam,
  hasTeamNamed,
  insertTeam,
  insertTeamMember,
  listTeams,
} from './store-teams.ts'
import type { Page, PageWish, Principal, Team } from './types.ts'

export interface Teams {
  list(caller: Principal, page: PageWish): Promise<Page<Team>>
  /** Refuses with `people_team_name_taken`; upper and lower case make no difference. */
  create(caller: Principal, name: string): Promise<Team>
  /** Its keys end with it; what it used stays, without a link to it. */
  remove(caller: Principal, teamId: string): Promise<void>
  /** Who is in it already stays. */
  addMember(caller: Principal, teamId: string, personId: string): Promise<void>
  /** Who is not in it stays out. */
  removeMember(caller: Principal, teamId: string, personId: string): Promise<void>
}

export function openTeams(means: Means): Teams {
  const { store, clock } = means
  return {
    list: (caller, page) =>
      pageOf(page, (wish) => listTeams(store.db, caller.organisationId, wish)),
    create: (caller, name) =>
      store.transaction(async (trx) => {
        const id = newId<'team'>()
        const now = new Date(clock.nowMs())
        const { organisationId } = caller
        await lockOrganisation(trx, organisationId)
        if (await hasTeamNamed(trx, organisationId, name))
          throw refuse(
            'people_team_name_taken',
            'Your organisation has a team of this name. Choose another name, or use that team.',
            { param: 'name' },
          )
        await insertTeam(trx, { id, subjectId: newId(), organisationId, name, now })
        return { id, name, memberIds: [], createdAt: now }
      }),
    remove: (caller, teamId) =>
      changeAccess(means, async (trx) => {
        const id = await demandTeam(trx, caller, teamId)
        await revokeKeysOfTeam(trx, id, new Date(clock.nowMs()))
        await deleteTeam(trx, id)
        return { result: undefined, outdated: { kind: 'holder', id } }
      }),
    addMember: (caller, teamId, personId) =>
      store.transaction(async (trx) => {
        const member = {
          teamId: await demandTeam(trx, caller, teamId),
          personId: await demandPerson(trx, caller, personId),
        }
        const now = new Date(clock.nowMs())
        await insertTeamMember(trx, {
          ...member,
          id: newId(),
          membershipKey: membershipKeyOf(member.teamId, member.personId),
          now,
        })
      }),
    removeMember: (caller, teamId, personId) =>
      store.transaction(async (trx) => {
        const id = await demandTeam(trx, caller, teamId)
        await deleteTeamMember(trx, id, await demandPerson(trx, caller, personId))
      }),
  }
}

async function demandTeam(db: Database, caller: Principal, teamId: string): Promise<TeamId> {
  const team = await findTeam(db, caller.organisationId, teamId)
  if (team !== null) return team.id
  throw refuse('people_team_not_found', 'Your organisation has no team of that id.')
}

async function demandPerson(db: Database, caller: Principal, personId: string): Promise<PersonId> {
  const person = await findPerson(db, caller.organisationId, personId)
  if (person !== null) return person.id
  throw refuse('people_person_not_found', 'Your organisation has no person of that id.')
}

/** As better-auth computes it, so that it finds the memberships made here. */
function membershipKeyOf(teamId: TeamId, personId: PersonId): string {
  return hash('sha256', JSON.stringify([teamId, personId]), 'base64url')
}
