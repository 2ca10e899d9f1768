import { z } from 'zod'
import { LISTED_PLACE } from './keep-policy.ts'

const share = z.number().min(0).max(1)
const amount = z.number().min(0).max(1_000_000)

/** What an owner sets of routes: what is absent stays as it is, null takes it back. */
export const settingsBody = z.strictObject({
  exploration_share: share.optional(),
  max_price: amount.nullable().optional(),
  max_first_byte_ms: z.int().min(1).max(3_600_000).nullable().optional(),
  win_value: amount.nullable().optional(),
})
export const settingsAnswer = z.object({
  exploration_share: share,
  /** Of the typical request, in `currency`; null: no limit. */
  max_price: amount.nullable(),
  max_first_byte_ms: z.int().nullable(),
  /** What it is worth that the preferred answer is given, in `currency`; null: the default. */
  win_value: amount.nullable(),
  currency: z.string(),
})

const openness = z.enum(['closed', 'weights', 'weights-and-code', 'fully-open'])
const place = z
  .string()
  .max(20)
  .regex(LISTED_PLACE, 'a country such as FR, EU, this-machine, own-network')

export const policyBody = z.strictObject({
  places: z.array(place).max(100).nullable().default(null),
  no_retention: z.boolean().default(false),
  no_training: z.boolean().default(false),
  least_openness: openness.nullable().default(null),
})
export const policyAnswer = z.object({
  /** Null: the organisation's own. */
  team_id: z.uuid().nullable(),
  places: z.array(z.string()).nullable(),
  no_retention: z.boolean(),
  no_training: z.boolean(),
  least_openness: openness.nullable(),
  updated_at: z.iso.datetime(),
})
export const byTeam = z.object({ id: z.uuid() })
export const byModel = z.object({ '*': z.string().min(1).max(300) })

const slice = z
  .string()
  .max(40)
  .regex(/^(overall|(language|category|length|turns):[a-z]{1,20})$/, 'a slice such as overall')

export const retireBody = z.strictObject({
  model: z.string().min(1).max(300),
  successor: z.string().min(1).max(300).nullable().default(null),
  /** From when on it does not answer by its name either; null: it goes on. */
  sunset_at: z.iso.datetime().nullable().default(null),
})
export const retirementAnswer = z.object({
  id: z.uuid(),
  model: z.string(),
  successor: z.string().nullable(),
  retired_at: z.iso.datetime(),
  sunset_at: z.iso.datetime().nullable(),
  /** Null: by rule. */
  retired_by: z.uuid().nullable(),
  evidence: z.record(z.string(), z.unknown()).nullable(),
  restored_at: z.iso.datetime().nullable(),
})

export const rulesBody = z.strictObject({
  boards: z.array(slice).min(1).max(20).optional(),
  infancy_information: z.number().min(0).nullable().optional(),
  infancy_days: z.number().min(0).nullable().optional(),
  is_automatic: z.boolean().optional(),
  max_chooser_share: share.optional(),
  sunset_days: z.int().min(0).max(36_500).nullable().optional(),
})
export const rulesAnswer = z.object({
  boards: z.array(z.string()),
  infancy_information: z.number().nullable(),
  infancy_days: z.number().nullable(),
  is_automatic: z.boolean(),
  max_chooser_share: share,
  sunset_days: z.int().nullable(),
})

export const proposalAnswer = z.object({
  model: z.string(),
  successor: z.string(),
  price: z.number(),
  successor_price: z.number(),
  currency: z.string(),
  age_days: z.number(),
  boards: z.array(
    z.object({
      slice: z.string(),
      version: z.int(),
      gap_points: z.number(),
      votes: z.number(),
      information: z.number(),
      certified_at: z.iso.datetime().nullable(),
      log_e: z.number().nullable(),
      tolerance_votes: z.number().nullable(),
    }),
  ),
  use: z.object({
    days: z.int(),
    requests: z.int(),
    routed_requests: z.int(),
    choosers: z.int(),
    /** Of all people and teams that named a model; null: nobody did. */
    chooser_share: z.number().nullable(),
  }),
  /** In `currency`, over the same days; null: what it cost is not known. */
  saved: z.number().nullable(),
})

export const survivalAnswer = z.object({
  joined: z.int(),
  left: z.int(),
  steps: z.array(
    z.object({
      time_days: z.number(),
      at_risk: z.int(),
      left: z.int(),
      survival: z.number(),
      se: z.number(),
    }),
  ),
})

export type RouteSettingsAnswer = z.infer<typeof settingsAnswer>
export type PolicyAnswer = z.infer<typeof policyAnswer>
export type RetirementAnswer = z.infer<typeof retirementAnswer>
export type RetirementRulesAnswer = z.infer<typeof rulesAnswer>
export type RetirementProposalAnswer = z.infer<typeof proposalAnswer>
export type SurvivalAnswer = z.infer<typeof survivalAnswer>
