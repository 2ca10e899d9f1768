import { z } from 'zod'
import type { Json } from '../kernel/index.ts'
import { pageQueryOf } from './page-schemas.ts'
import type { Made } from './service-made.ts'
import type { Key, Maker, Organisation, Page, PageWish, Person, SignInLink, Team } from './types.ts'

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
export const revokeQuery = z.object({ with_made: z.enum(['true', 'false']).default('false') })
export const byId = z.object({ id: z.uuid() })
export const byIdAndPerson = z.object({ id: z.uuid(), person_id: z.uuid() })

export const newKey = z.object({
  name,
  /** `all` alone: everything its maker may; absent or null: `/v1` alone. */
  scopes: z.union([z.tuple([z.literal('all')]), z.array(scope).min(1).max(7)]).nullish(),
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

const maker = z.object({
  key_id: z.uuid().nullable(),
  subject_id: z.uuid(),
  person_id: z.uuid().nullable(),
})

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
  made_by: maker.nullable(),
  home: z.string().nullable(),
  last_used_at: time.nullable(),
})
export const newKeyAnswer = keyAnswer.extend({ key: z.string() })
export const personAnswer = z.object({
  id: z.uuid(),
  name: z.string(),
  email: z.string().nullable(),
  role,
  created_at: time,
  made_by: maker.nullable(),
})
export const madeAnswer = z.object({
  keys: z.array(keyAnswer),
  people: z.array(personAnswer),
  session_count: z.int(),
  link_count: z.int(),
})
export const revokedAnswer = z.object({
  id: z.uuid(),
  is_made_revoked: z.boolean(),
  made: madeAnswer,
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
    made_by: shapeMaker(key.madeBy),
    home: key.home,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
  }
}

export function shapePerson(person: Person) {
  return {
    id: person.id,
    name: person.name,
    email: person.email,
    role: person.role,
    created_at: person.createdAt.toISOString(),
    made_by: shapeMaker(person.madeBy),
  }
}

function shapeMaker(maker: Maker | null) {
  if (maker === null) return null
  return { key_id: maker.keyId, subject_id: maker.subjectId, person_id: maker.personId }
}

export function shapeMade(made: Made) {
  return {
    keys: made.keys.map(shapeKey),
    people: made.people.map(shapePerson),
    session_count: made.sessionCount,
    link_count: made.linkCount,
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
