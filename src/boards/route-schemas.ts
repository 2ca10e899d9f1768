import { z } from 'zod'
import { MOST_TOLERANCE } from './rate-live-board.ts'
import { BOARD_KINDS, BOARD_LEAGUES } from './types.ts'
import { SIZE_CLASSES } from './view-board.ts'

const league = z.enum(BOARD_LEAGUES)
const kind = z.enum(BOARD_KINDS)
const number = z.number()
const some = z.number().nullable()
const text = z.string()
const when = z.iso.datetime()
const status = z.enum(['certified', 'leaning', 'undecided'])
const needed = z.object({
  kind: z.enum(['certified', 'votes', 'raters', 'never']),
  more_votes: z.int().nullable(),
  reason: text.nullable(),
})

export const boardPath = z.object({ league, slice: z.string().max(40) })
export const kindQuery = z.object({ kind: kind.default('votes') })
export const listQuery = z.object({ league: league.optional(), kind: kind.optional() })
export const sideQuery = kindQuery.extend({
  style: z.enum(['0', '1']).default('0'),
  version: z.coerce.number().int().min(1).max(2_147_483_647).optional(),
})
export const boardQuery = sideQuery.extend({
  openness: z.enum(['closed', 'weights', 'weights-and-code', 'fully-open']).optional(),
  size: z.enum(SIZE_CLASSES).optional(),
  country: z.string().max(100).optional(),
  max_price: z.coerce.number().min(0).optional(),
  place: z.string().max(100).optional(),
})
export const mineQuery = kindQuery.extend({
  league: league.default('models'),
  slice: z.string().max(40).default('overall'),
})
export const publicBody = z.strictObject({ is_public: z.boolean() })
export const settingsBody = z.strictObject({
  least_people: z.int().min(1).max(100_000),
  least_tolerance_votes: z.int().min(0).max(MOST_TOLERANCE),
})

export const listedAnswer = z.object({
  league,
  kind,
  slice: text,
  has_style_control: z.boolean(),
  votes: z.int(),
  raters: z.int(),
  models: z.int(),
  version: z.int(),
  updated_at: when,
  is_public: z.boolean(),
})

const row = z.object({
  model: text,
  island: z.int(),
  rating: some,
  se: some,
  low: some,
  high: some,
  votes: number,
  rank_low: z.int(),
  rank_high: z.int(),
  tier: z.int(),
  acceptability: some,
  p_best: some,
  price: z.object({ amount: number, currency: text }).nullable(),
  openness: text.nullable(),
  publisher_country: text.nullable(),
  parameters_total: some,
  size: z.enum(SIZE_CLASSES).nullable(),
  places: z.array(text),
  retired_at: when.nullable(),
})

export const boardAnswer = z.object({
  league,
  kind,
  slice: text,
  has_style_control: z.boolean(),
  is_public: z.boolean(),
  version: z.object({
    number: z.int(),
    made_at: when,
    method: text,
    code_version: text,
    through_vote: z.int(),
    is_last: z.boolean(),
    is_settled: z.boolean(),
  }),
  sentence: text,
  votes: z.int(),
  raters: some,
  rows: z.array(row),
  hidden_rows: z.int(),
  decisions: z.array(
    z.object({
      question: z.literal('who_is_best'),
      island: z.int(),
      leader: text,
      status,
      needed,
      rival_count: z.int(),
      rivals: z.array(z.object({ model: text, needed })),
    }),
  ),
  retirements: z.array(
    z.object({
      question: z.literal('may_be_retired'),
      ...{ model: text, by: text, status, needed },
    }),
  ),
  claims: z.object({
    certified: z.int(),
    leaning: z.int(),
    caveats: z.array(z.enum(['matchups_unchecked', 'this_matchup'])),
    neighbours: z.array(z.object({ better: text, worse: text, status })),
  }),
  checks: z.array(z.object({ name: text, is_ok: z.boolean(), text })),
  evidence: z.object({
    drift: z.array(
      z.object({
        ...{ model: text, status: z.enum(['flag', 'alarm']), log_e: number, changed_at: when },
      }),
    ),
    drift_most_votes: z.int(),
    pairs: z.array(
      z.object({
        ...{ first: text, second: text, votes: number },
        ...{ first_share: number, expected_share: number, z: number },
      }),
    ),
    raters: z
      .array(
        z.object({
          ...{ share: number, leader: text, leader_without: text },
          ...{ moved: text, moved_points: number, claims_lost: z.int(), claims_gained: z.int() },
        }),
      )
      .nullable(),
    controls: z.object({ left: z.int(), right: z.int(), neither: z.int() }),
  }),
  families: z.array(
    z.array(
      z.object({
        ...{ model: text, rating: some, low: some, high: some, votes: number },
        retired_at: when.nullable(),
        than_before: z.object({ is_better: z.boolean(), status }).nullable(),
      }),
    ),
  ),
  diagnostics: z.record(text, z.union([number, text, z.boolean(), z.null()])),
  style: z
    .object({
      effects: z.array(z.object({ name: text, effect_points: number, se_points: number })),
      votes: z.int(),
      most_votes: z.int(),
    })
    .nullable(),
  agreement_with_judgements: z.object({ pairs: z.int(), share: some }).nullable(),
})

export const certificateAnswer = z.object({
  better: text,
  worse: text,
  certified_at: when,
  certified_in: z.int(),
  log_e: number,
  tolerance_votes: some,
  voided_at: when.nullable(),
  void_reason: text.nullable(),
})

export const publicAnswer = z.object({ league, kind, slice: text, is_public: z.boolean() })
