import { z } from 'zod'
import type { Json } from '../kernel/index.ts'
import { pageQueryOf } from './page-schemas.ts'
import type { Key, Organisation, Page, PageWish, Person, SignInLink, Team } from './types.ts'

const scope = z.enum(['chat', 'completions', 'embeddings', 'models', 'usage', 'api', 'metrics'])
const role = z.enum(['owner', 'admin', 'member'])
const time = z.iso.datetime({ offset: true })
/** Years of five digits, which an offset can make of 9999, are no ISO 8601 of four. */
const expiry = time.refine((text) => Date.parse(text) < Date.UTC(10_000, 0), {
  message: 'a time before the year 10000',
})
const name = z.string().trim().min(1).max(100)
const email = z.email().max(254)

export const pageQuery = pageQueryOf({ usual: 50, most: 200 })
export const byId = z.object({ id: z.uuid() })
export const byIdAndPerson = z.object({ id: z.uuid(), person_id: z.uuid() })

export const newKey = z.object({
  name,
  scopes: z.array(scope).min(1).max(7).nullish(),
  models: z.array(z.string().min(1).max(200)).min(1).max(200).nullish(),
  expires_at: expiry.nullish(),
  team_id: z.uuid().nullish(),
  person_id: z.uuid().nullish(),
})
export const newPerson = z.object({
  name,
  email: email.nullish(),
  role: role.default('member'),
})
export const personChange = z.object({
  name: name.optional(),
  email: email.nullish(),
  role: role.optional(),
})
export const newTeam = z.object({ name })
export const newOrganisation = z.object({
  name,
  slug: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'small latin letters, digits and single hyphens')
    .max(64)
    .nullish(),
  owner: z.strictObject({ name, email: email.nullish() }),
})
export const newLink = z.object({ person_id: z.uuid().nullish() }).default({})

export const keyAnswer = z.object({
  id: z.uuid(),
  name: z.string(),
  prefix: z.string(),
  person_id: z.uuid().nullable(),
  team_id: z.uuid().nullable(),
  subject_id: z.uuid(),
  role,
  scopes: z.array(scope).nullable(),
  models: z.array(z.string()).nullable(),
  is_owner_key: z.boolean(),
  expires_at: time.nullable(),
  created_at: time,
  revoked_at: time.nullable(),
})
export const newKeyAnswer = keyAnswer.extend({ key: z.string() })
export const personAnswer = z.object({
  id: z.uuid(),
  name: z.string(),
  email: z.string().nullable(),
  role,
  created_at: time,
})
export const teamAnswer = z.object({
  id: z.uuid(),
  name: z.string(),
  member_ids: z.array(z.uuid()),
  created_at: time,
})
export const organisationAnswer = z.object({
  id: z.uuid(),
  name: z.string(),
  slug: z.string(),
  is_house: z.boolean(),
  created_at: time,
})
export const linkAnswer = z.object({ url: z.url(), expires_at: time })
export const meAnswer = z.object({
  via: z.enum(['key', 'session', 'scrape-token']),
  subject_id: z.uuid(),
  role,
  person: personAnswer.nullable(),
  organisation: organisationAnswer.nullable(),
  team_id: z.uuid().nullable(),
  key: keyAnswer.nullable(),
  scopes: z.array(scope).nullable(),
  models: z.array(z.string()).nullable(),
})

export function pageWish(query: z.output<typeof pageQuery>): PageWish {
  return { cursor: query.cursor ?? null, limit: query.limit }
}

export function shapePage<Item>(page: Page<Item>, shape: (item: Item) => Json): Json {
  return { data: page.items.map(shape), next_cursor: page.nextCursor }
}

export function shapeKey(key: Key) {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    person_id: key.personId,
    team_id: key.teamId,
    subject_id: key.subjectId,
    role: key.role,
    scopes: key.scopes,
    models: key.models,
    is_owner_key: key.isOwnerKey,
    expires_at: key.expiresAt?.toISOString() ?? null,
    created_at: key.createdAt.toISOString(),
    revoked_at: key.revokedAt?.toISOString() ?? null,
  }
}

export function shapePerson(person: Person) {
  return {
    id: person.id,
    name: person.name,
    email: person.email,
    role: person.role,
    created_at: person.createdAt.toISOString(),
  }
}

export function shapeTeam(team: Team) {
  return {
    id: team.id,
    name: team.name,
    member_ids: team.memberIds,
    created_at: team.createdAt.toISOString(),
  }
}

export function shapeOrganisation(organisation: Organisation) {
  return {
    id: organisation.id,
    name: organisation.name,
    slug: organisation.slug,
    is_house: organisation.isHouse,
    created_at: organisation.createdAt.toISOString(),
  }
}

export function shapeLink(link: SignInLink) {
  return { url: link.url, expires_at: link.expiresAt.toISOString() }
}
