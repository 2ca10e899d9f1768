import { z } from 'zod'
import { pageQueryOf } from '../people/index.ts'
import {
  listingResilience,
  listingResilienceAnswer,
  providerResilience,
  providerResilienceAnswer,
} from './resilience.ts'
import { LISTING_FACTS, MODEL_FACTS, PROVIDER_KINDS } from './types.ts'

const line = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\p{Cc}]*$/u, 'no control characters')
const capability = z.enum(['chat', 'completion', 'embedding'])
const time = z.iso.datetime()
const timeOrNull = time.nullable()

export const pageQuery = pageQueryOf({ usual: 200, most: 1_000 })
export const byId = z.object({ id: z.uuid() })
export const byName = z.object({ '*': line(400).min(1) })
export const byAlias = z.object({ alias: line(400).min(1) })

/** Facts by their names: `{value, source}`, or null to make one unknown. Read by read-facts.ts. */
const facts = z.record(line(40), z.unknown()).refine((given) => Object.keys(given).length <= 20, {
  message: 'at most 20 facts at once',
})
export const modelChange = z.strictObject({
  publisher: line(128).optional(),
  name: line(128).optional(),
  family: line(128).min(1).nullable().optional(),
  succeeds: line(300).nullable().optional(),
  derived_from: line(300).nullable().optional(),
  capabilities: z.array(capability).min(1).max(3).nullable().optional(),
  facts: facts.optional(),
  /** Ids of its listings, the first to be asked first; empty: no order. Left out: those after. */
  listing_order: z.array(z.uuid()).max(500).optional(),
})
export const newProvider = z.strictObject({
  kind: z.enum(PROVIDER_KINDS).nullish(),
  url: line(2_048).nullish(),
  name: line(64).min(1).nullish(),
  key: z.string().max(4_096).nullish(),
  models: z.array(line(256).min(1)).max(500).nullish(),
})
export const providerChange = z.strictObject({
  name: line(64).min(1).optional(),
  /** Its list is read there; with another server its key has to be given again. */
  url: line(2_048).min(1).optional(),
  /** null: it is sent none from now on. */
  key: z.string().max(4_096).nullable().optional(),
  resilience: providerResilience.optional(),
})
export const newFile = z.strictObject({
  path: line(4_096).min(1),
  name: line(200).min(1).nullish(),
})
export const listingChange = z.strictObject({
  is_on: z.boolean().optional(),
  facts: facts.optional(),
  resilience: listingResilience.optional(),
})
export const newAlias = z.strictObject({ target: line(300).min(1) })
export const decision = z.strictObject({ decision: z.enum(['same', 'different']) })

const factAnswer = z.union([
  z.object({ known: z.literal(true), value: z.json(), source: z.string(), checked_at: time }),
  z.object({ known: z.literal(false) }),
])
const factsAnswer = (names: readonly string[]) =>
  z.object(Object.fromEntries(names.map((name) => [name, factAnswer])))

/** What it costs now, per million tokens, hour or nothing; see GET /api/prices. */
const priceAnswer = z.looseObject({
  kind: z.enum(['tokens', 'free', 'hourly', 'none']),
  currency: z.string().nullable(),
  from: z.string().nullable(),
})
const healthAnswer = z.object({
  state: z.enum(['healthy', 'busy', 'resting', 'trying']),
  until: timeOrNull,
  recent_failures: z.int(),
  last_reason: z.string().nullable(),
})
export const listingAnswer = z.object({
  id: z.uuid(),
  model: z.string().nullable(),
  variant_id: z.uuid(),
  provider: z.object({ id: z.uuid(), name: z.string().nullable(), kind: z.string().nullable() }),
  upstream_model: z.string(),
  file_path: z.string().nullable().optional(),
  is_on: z.boolean(),
  is_live: z.boolean(),
  /** Null: unpriced, which is not free. */
  price: priceAnswer.nullable(),
  position: z.int().nullable(),
  facts: factsAnswer(LISTING_FACTS),
  resilience: listingResilienceAnswer.optional(),
  health: healthAnswer.nullable().optional(),
  offered_at: time,
  switched_at: timeOrNull,
  vanished_at: timeOrNull,
})
export const modelAnswer = z.object({
  id: z.uuid(),
  name: z.string(),
  publisher: z.string(),
  family: z.string().nullable(),
  succeeds: z.string().nullable(),
  derived_from: z.string().nullable(),
  former_names: z.array(z.string()),
  capabilities: z.array(capability).nullable(),
  league: z.enum(['models', 'practice', 'apps']),
  is_live: z.boolean(),
  is_in_auto: z.boolean(),
  facts: factsAnswer(MODEL_FACTS),
  variants: z.array(
    z.object({
      id: z.uuid(),
      weights_sha256: z.string().nullable(),
      quantisation: z.string().nullable(),
      upstream_model: z.string().nullable(),
      first_seen_at: time,
    }),
  ),
  listings: z.array(listingAnswer),
  created_at: time,
})
export const providerAnswer = z.object({
  id: z.uuid(),
  kind: z.enum(PROVIDER_KINDS),
  name: z.string(),
  base_url: z.string(),
  has_key: z.boolean(),
  listing_count: z.int(),
  on_count: z.int(),
  off_count: z.int(),
  resilience: providerResilienceAnswer,
  created_at: time,
  refreshed_at: timeOrNull,
})
export const addedAnswer = z.object({
  provider: providerAnswer,
  listings: z.array(listingAnswer),
})
export const fileAnswer = z.object({ listing: listingAnswer, model: modelAnswer })
export const aliasAnswer = z.object({
  alias: z.string(),
  target: z.string(),
  target_kind: z.enum(['model', 'listing']),
  /** Of a listing: its model and its provider. */
  model: z.string().nullable().optional(),
  provider: z.string().nullable().optional(),
  created_at: time,
})
const side = z.object({
  id: z.uuid(),
  name: z.string().optional(),
  providers: z.array(z.string()).optional(),
  is_on: z.boolean().optional(),
})
export const proposalAnswer = z.object({
  id: z.uuid(),
  kept: side,
  other: side,
  reason: z.string(),
  state: z.enum(['open', 'same', 'different']),
  moved_variant_ids: z.array(z.uuid()),
  created_at: time,
  decided_at: timeOrNull,
  decided_by: z.uuid().nullable(),
})
