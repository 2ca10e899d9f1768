import { type BetterAuthOptions, betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { organization } from 'better-auth/plugins/organization'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { openTestStore } from '../../tests/support/database.ts'
import { openPeopleWorld } from '../../tests/support/people.ts'
import type { Store } from '../store/index.ts'
import { authOrganizationSchema, authSchema } from './auth-schema.ts'

const teams = () =>
  organization({ teams: { enabled: true }, schema: structuredClone(authOrganizationSchema) })

function optionsOn(store: Store) {
  return {
    baseURL: 'http://127.0.0.1:7777',
    secret: 'fS9wE2kQ7xLzC4vB8nM1aD6hJ3pR5tYu',
    telemetry: { enabled: false },
    logger: { disabled: true },
    database: { db: store.db, type: 'postgres', transaction: true },
    emailAndPassword: { enabled: true },
    advanced: { database: { generateId: 'uuid' } },
    ...structuredClone(authSchema),
  } satisfies BetterAuthOptions
}

test('better-auth finds nothing to create and nothing to alter after our migrations', async () => {
  const store = await openTestStore()
  onTestFinished(() => store.close())
  const plan = await getMigrations({ ...optionsOn(store), plugins: [teams()] })
  expect(plan.toBeCreated).toEqual([])
  expect(plan.toBeAdded).toEqual([])
  expect((await plan.compileMigrations()).replaceAll(/[\s;]/g, '')).toBe('')
})

test('better-auth signs people up on our tables and finds memberships that we made', async () => {
  const { store, people, owner } = await openPeopleWorld()
  const auth = betterAuth({ ...optionsOn(store), plugins: [teams()] })
  const signedUp = await auth.api.signUpEmail({
    body: { name: 'A', email: 'a@example.org', password: 'correct horse battery' },
    returnHeaders: true,
  })
  const cookie = signedUp.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ')
  expect((await auth.api.getSession({ headers: new Headers({ cookie }) }))?.user.name).toBe('A')

  await sql`insert into members (organisation_id, person_id, role, created_at)
    values (${owner.organisationId}, ${signedUp.response.user.id}, 'admin', now())`.execute(
    store.db,
  )
  const { person } = await people.people.create(owner, { name: 'B', email: null, role: 'member' })
  const team = await people.teams.create(owner, 'Search')
  await people.teams.addMember(owner, team.id, person.id)
  const headers = new Headers({ cookie })
  const { organisationId } = owner
  await auth.api.setActiveOrganization({ headers, body: { organizationId: organisationId } })
  const again = await auth.api.addTeamMember({
    headers,
    body: { teamId: team.id, userId: person.id },
  })
  expect(again).toMatchObject({ teamId: team.id, userId: person.id })
  expect((await people.teams.list(owner, { cursor: null, limit: 9 })).items).toMatchObject([
    { memberIds: [person.id] },
  ])
})
