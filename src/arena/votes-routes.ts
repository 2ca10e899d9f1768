import { z } from 'zod'
import type { ListedVote } from '../boards/index.ts'
import { jsonRoute, listAnswer, type Route } from '../people/index.ts'
import { idParams } from './route-schemas.ts'
import type { Votes } from './votes-service.ts'

const choice = z.enum(['a', 'b', 'tie', 'both_bad'])
const state = z.enum(['counts', 'over', 'aside', 'control'])
const voteAnswer = z.object({
  id: z.uuid(),
  battle_id: z.uuid(),
  league: z.string(),
  kind: z.enum(['votes', 'judgements']),
  rater_id: z.uuid(),
  a: z.string().nullable(),
  b: z.string().nullable(),
  choice,
  reasons: z.array(z.string()),
  state,
  /** Null: it is not set aside. */
  aside_reason: z.string().nullable(),
  cast_at: z.iso.datetime(),
})
const common = { access: 'admin', scope: 'api', dialect: 'problem' } as const

/** `GET /api/votes`, `POST /api/votes/:id`: for an organisation's admins. */
export function votesRoutes(
  votes: () => Votes,
  nameOf: (modelId: string) => string | null,
): Route[] {
  return [
    jsonRoute({
      ...common,
      method: 'GET',
      path: '/api/votes',
      summary: 'Votes of your organisation, newest first; `set_aside=1`: those that do not count',
      query: z.object({
        set_aside: z.enum(['0', '1']).optional(),
        cursor: z.string().max(64).optional(),
        limit: z.coerce.number().int().min(1).max(1000).default(100),
      }),
      answer: listAnswer(voteAnswer),
      async handle({ principal, query }) {
        const { limit, set_aside: aside } = query
        const found = await votes().list(principal, {
          isAside: aside === undefined ? null : aside === '1',
          cursor: query.cursor ?? null,
          limit: limit + 1,
        })
        const data = found.slice(0, limit)
        const next = found.length > limit ? (data.at(-1)?.id ?? null) : null
        return { json: { data: data.map((vote) => shapeVote(vote, nameOf)), next_cursor: next } }
      },
    }),
    jsonRoute({
      ...common,
      method: 'POST',
      path: '/api/votes/:id',
      summary: 'Sets a vote aside for a reason, or puts it back; the boards follow',
      params: idParams,
      body: z.strictObject({
        decision: z.enum(['restore', 'set_aside']),
        reason: z
          .string()
          .trim()
          .min(1)
          .max(200)
          .refine((text) => text.isWellFormed()),
      }),
      answer: z.object({ id: z.uuid(), state }),
      handle: async ({ principal, params, body }) => ({
        json: { id: params.id, state: await votes().decide(principal, params.id, body) },
      }),
    }),
  ]
}

function shapeVote(vote: ListedVote, nameOf: (modelId: string) => string | null) {
  return {
    id: vote.id,
    battle_id: vote.battleId,
    league: vote.league,
    kind: vote.kind,
    rater_id: vote.raterId,
    a: nameOf(vote.leftId),
    b: nameOf(vote.rightId),
    choice: vote.choice,
    reasons: [...vote.reasons],
    state: vote.state,
    aside_reason: vote.asideReason,
    cast_at: vote.castAt.toISOString(),
  }
}
