import { listAnswer } from './page-schemas.ts'
import { jsonRoute, type Route } from './route.ts'
import { type SignInOptions, signInRoutes } from './routes-sign-in.ts'
import {
  byId,
  byIdAndPerson,
  keyAnswer,
  linkAnswer,
  madeAnswer,
  newKey,
  newKeyAnswer,
  newOrganisation,
  newPerson,
  newTeam,
  organisationAnswer,
  pageQuery,
  pageWish,
  personAnswer,
  personChange,
  revokedAnswer,
  revokeQuery,
  shapeKey,
  shapeLink,
  shapeMade,
  shapeOrganisation,
  shapePage,
  shapePerson,
  shapeTeam,
  teamAnswer,
} from './schemas.ts'
import type { People } from './service.ts'
import type { Scope } from './types.ts'

/** Keys, people, teams, organisations, links, sessions. */
export function peopleRoutes(people: People, options: SignInOptions): Route[] {
  return [
    ...keyRoutes(people),
    ...personRoutes(people),
    ...teamRoutes(people),
    ...teamMemberRoutes(people),
    ...organisationRoutes(people),
    ...signInRoutes(people, options),
  ]
}

const api = { scope: 'api', dialect: 'problem' } as const

function keyRoutes({ keys }: People): Route[] {
  return [
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/keys',
      access: 'member',
      summary: 'Keys, newest first: your own, or your organisation’s for its admins',
      query: pageQuery,
      answer: listAnswer(keyAnswer),
      handle: async ({ principal, query }) => ({
        json: shapePage(await keys.list(principal, pageWish(query)), shapeKey),
      }),
    }),
    jsonRoute({
      ...api,
      method: 'POST',
      path: '/api/keys',
      access: 'member',
      summary:
        'A new key, told once, for /v1 alone unless `scopes` asks for more; for a team or another person by their admins',
      body: newKey,
      answer: newKeyAnswer,
      handle: async ({ principal, body }) => {
        const { key, secret } = await keys.create(principal, {
          name: body.name,
          scopes: body.scopes?.[0] === 'all' ? 'all' : (body.scopes as Scope[] | null),
          models: body.models,
          expiresAt: body.expires_at == null ? null : new Date(body.expires_at),
          teamId: body.team_id,
          personId: body.person_id,
        })
        return { status: 201, json: { ...shapeKey(key), key: secret } }
      },
    }),
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/keys/:id/made',
      access: 'member',
      summary: 'The live keys and people that a key made, and what those made in turn',
      params: byId,
      answer: madeAnswer,
      handle: async ({ principal, params }) => ({
        json: shapeMade(await keys.listMade(principal, params.id)),
      }),
    }),
    jsonRoute({
      ...api,
      method: 'DELETE',
      path: '/api/keys/:id',
      access: 'member',
      summary: 'Revoke a key, at once; with `with_made=true` all that it made besides',
      params: byId,
      query: revokeQuery,
      answer: revokedAnswer,
      handle: async ({ principal, params, query }) => {
        const hasMade = query.with_made === 'true'
        const made = await keys.revoke(principal, params.id, { hasMade })
        return { json: { id: params.id, is_made_revoked: hasMade, made: shapeMade(made) } }
      },
    }),
  ]
}

function personRoutes({ people }: People): Route[] {
  return [
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/people',
      access: 'admin',
      summary: 'The people of your organisation',
      query: pageQuery,
      answer: listAnswer(personAnswer),
      handle: async ({ principal, query }) => ({
        json: shapePage(await people.list(principal, pageWish(query)), shapePerson),
      }),
    }),
    jsonRoute({
      ...api,
      method: 'POST',
      path: '/api/people',
      access: 'admin',
      summary: 'A new person of your organisation, with a one-time link that lets them in',
      body: newPerson,
      answer: personAnswer.extend({ link: linkAnswer }),
      handle: async ({ principal, body }) => {
        const { person, link } = await people.create(principal, {
          ...body,
          email: body.email ?? null,
        })
        return { status: 201, json: { ...shapePerson(person), link: shapeLink(link) } }
      },
    }),
    jsonRoute({
      ...api,
      method: 'PATCH',
      path: '/api/people/:id',
      access: 'admin',
      summary: 'Change a person’s name, address or role',
      params: byId,
      body: personChange,
      answer: personAnswer,
      handle: async ({ principal, params, body }) => ({
        json: shapePerson(await people.update(principal, params.id, body)),
      }),
    }),
    jsonRoute({
      ...api,
      method: 'DELETE',
      path: '/api/people/:id',
      access: 'admin',
      summary: 'Remove a person; who is in no other organisation is erased',
      params: byId,
      handle: async ({ principal, params }) => {
        await people.remove(principal, params.id)
        return { status: 204 }
      },
    }),
  ]
}

function teamRoutes({ teams }: People): Route[] {
  return [
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/teams',
      access: 'admin',
      summary: 'The teams of your organisation',
      query: pageQuery,
      answer: listAnswer(teamAnswer),
      handle: async ({ principal, query }) => ({
        json: shapePage(await teams.list(principal, pageWish(query)), shapeTeam),
      }),
    }),
    jsonRoute({
      ...api,
      method: 'POST',
      path: '/api/teams',
      access: 'admin',
      summary: 'A new team of your organisation',
      body: newTeam,
      answer: teamAnswer,
      handle: async ({ principal, body }) => ({
        status: 201,
        json: shapeTeam(await teams.create(principal, body.name)),
      }),
    }),
    jsonRoute({
      ...api,
      method: 'DELETE',
      path: '/api/teams/:id',
      access: 'admin',
      summary: 'Remove a team and revoke its keys',
      params: byId,
      handle: async ({ principal, params }) => {
        await teams.remove(principal, params.id)
        return { status: 204 }
      },
    }),
  ]
}

function teamMemberRoutes({ teams }: People): Route[] {
  return [
    jsonRoute({
      ...api,
      method: 'PUT',
      path: '/api/teams/:id/members/:person_id',
      access: 'admin',
      summary: 'Take a person into a team',
      params: byIdAndPerson,
      handle: async ({ principal, params }) => {
        await teams.addMember(principal, params.id, params.person_id)
        return { status: 204 }
      },
    }),
    jsonRoute({
      ...api,
      method: 'DELETE',
      path: '/api/teams/:id/members/:person_id',
      access: 'admin',
      summary: 'Take a person out of a team',
      params: byIdAndPerson,
      handle: async ({ principal, params }) => {
        await teams.removeMember(principal, params.id, params.person_id)
        return { status: 204 }
      },
    }),
  ]
}

function organisationRoutes({ organisations }: People): Route[] {
  return [
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/organisations',
      access: 'house-owner',
      summary: 'The organisations of this market',
      query: pageQuery,
      answer: listAnswer(organisationAnswer),
      handle: async ({ query }) => ({
        json: shapePage(await organisations.list(pageWish(query)), shapeOrganisation),
      }),
    }),
    jsonRoute({
      ...api,
      method: 'POST',
      path: '/api/organisations',
      access: 'house-owner',
      summary: 'A new organisation with its first owner, and a one-time link that lets them in',
      body: newOrganisation,
      answer: organisationAnswer.extend({ owner: personAnswer, link: linkAnswer }),
      handle: async ({ principal, body }) => {
        const made = await organisations.create(principal, {
          name: body.name,
          slug: body.slug ?? null,
          owner: { name: body.owner.name, email: body.owner.email ?? null },
        })
        const { organisation, owner, link } = made
        return {
          status: 201,
          json: {
            ...shapeOrganisation(organisation),
            owner: shapePerson(owner),
            link: shapeLink(link),
          },
        }
      },
    }),
  ]
}
