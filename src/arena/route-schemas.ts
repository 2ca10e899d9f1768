import { z } from 'zod'
import { REASONS } from './types.ts'

const text = z.string()
const league = z.enum(['models', 'practice', 'apps'])
const when = z.iso.datetime()
/** As many characters as anybody asks at once. */
const MOST_CHARACTERS = 100_000

/** Half a character is nothing that a database keeps. */
const isWhole = (text: string): boolean => text.isWellFormed()
const HALF = 'must be text of whole characters'

const message = z.strictObject({
  role: z.enum(['system', 'user', 'assistant']),
  content: z.string().min(1).max(MOST_CHARACTERS).refine(isWhole, HALF),
})
const choice = z.enum(['a', 'b', 'tie', 'both_bad'])
const reasons = z.array(z.enum(REASONS)).max(REASONS.length).default([])
export const prompt = z.string().trim().min(1).max(MOST_CHARACTERS).refine(isWhole, HALF)
const conversation = z
  .array(message)
  .min(1)
  .max(200)
  .refine((messages) => messages.at(-1)?.role === 'user', 'the last message must be the user’s')
const modelName = z.string().min(1).max(300)

export const consentBody = z.strictObject({
  prompt: z.boolean().default(false),
  answers: z.boolean().default(false),
  votes: z.boolean().default(false),
})

/** One of `prompt`, `messages` and `compare`. */
export const battleBody = z
  .strictObject({
    prompt: prompt.optional(),
    messages: conversation.optional(),
    /** The question of an answer that was read: hidden contestants answer it anew. */
    compare: z.strictObject({ messages: conversation }).optional(),
    /** Two names: a comparison, which is not hidden and never counts. */
    models: z.tuple([modelName, modelName]).optional(),
    league: league.optional(),
    consent: consentBody.default({ prompt: false, answers: false, votes: false }),
    max_tokens: z.int().min(1).max(1_000_000).optional(),
  })
  .refine(
    (body) => [body.prompt, body.messages, body.compare].filter(Boolean).length === 1,
    'give one of prompt, messages and compare',
  )
export const turnBody = z.strictObject({ prompt })
export const voteBody = z.strictObject({
  choice,
  reasons,
  comment: z.string().trim().max(500).refine(isWhole, HALF).optional(),
})
export const idParams = z.object({ id: z.string().max(64) })
export const listQuery = z.object({
  cursor: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

const voteAnswer = z.object({
  choice,
  reasons: z.array(text),
  comment: text.nullable(),
  /** Characters of each side that were shown when the vote was cast. */
  shown_characters: z.object({ a: z.int(), b: z.int() }),
  /** Null: it never counts, as in a comparison. */
  vote_id: z.uuid().nullable(),
})
const sideText = z.object({ text: text.nullable(), is_whole: z.boolean() })
const side = z.object({
  model: text.nullable(),
  provider: text.nullable(),
  listing_id: z.uuid().nullable(),
  variant_id: z.uuid().nullable(),
  cost: z.object({
    amount: text.nullable(),
    currency: text.nullable(),
    known: z.boolean(),
    reason: text.nullable(),
    price_ref: text.nullable(),
  }),
  total_ms: z.int().nullable(),
  tokens: z.object({ input: z.int(), output: z.int() }).nullable(),
})
const head = {
  id: z.uuid(),
  kind: z.enum(['battle', 'control', 'comparison']),
  league,
  state: z.enum(['answering', 'open', 'voted', 'voided']),
  turn: z.int(),
  created_at: when,
  voted_at: when.nullable(),
  vote: voteAnswer.nullable(),
}
export const listedAnswer = z.object(head)
export const battleAnswer = z.object({
  ...head,
  is_answering: z.boolean(),
  consent: z.object({ prompt: z.boolean(), answers: z.boolean(), votes: z.boolean() }),
  expires_at: when,
  void_code: text.nullable(),
  stream_url: text,
  turns: z.array(
    z.object({
      turn: z.int(),
      /** Null: not kept. */
      messages: z.array(message).nullable(),
      a: sideText,
      b: sideText,
    }),
  ),
  draw_probability: z.number().nullable(),
  /** Null before the vote. */
  reveal: z.object({ a: side, b: side }).nullable(),
})
export type BattleJson = z.infer<typeof battleAnswer>

const share = z.number().min(0).max(1)
export const settingsAnswer = z.object({
  control_share: share,
  chat_share: share,
  votes_per_minute: z.int(),
  votes_per_day: z.int(),
  letters_per_second: z.int().nullable(),
  battles_per_day: z.int().nullable(),
  cost_per_day: text.nullable(),
})
export const settingsBody = z.strictObject({
  control_share: share.optional(),
  chat_share: share.optional(),
  votes_per_minute: z.int().min(1).max(100_000).optional(),
  votes_per_day: z.int().min(1).max(10_000_000).optional(),
  letters_per_second: z.int().min(1).max(1_000_000).nullable().optional(),
  battles_per_day: z.int().min(0).max(2_000_000_000).nullable().optional(),
  /** Decimal text, in the currency that amounts are shown in. */
  cost_per_day: z
    .string()
    .max(28)
    .regex(/^\d{1,15}(\.\d{1,12})?$/)
    .nullable()
    .optional(),
})
