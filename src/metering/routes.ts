import { z } from 'zod'
import { jsonRoute, listAnswer, type Route } from '../people/index.ts'
import type { Metering } from './service.ts'
import type { UsageRow } from './store.ts'

const usageAnswer = z.object({
  id: z.uuid(),
  started_at: z.iso.datetime(),
  subject_id: z.uuid(),
  key_id: z.uuid().nullable(),
  team_id: z.uuid().nullable(),
  model: z.string().nullable(),
  model_id: z.uuid(),
  variant_id: z.uuid(),
  listing_id: z.uuid(),
  purpose: z.enum(['use', 'battle', 'exam', 'exploration']),
  operation: z.enum(['chat', 'completions', 'embeddings']),
  is_stream: z.boolean(),
  tokens: z.object({
    input: z.int(),
    cached_input: z.int(),
    cache_write: z.int(),
    output: z.int(),
    reasoning: z.int(),
    total: z.int(),
  }),
  source: z.enum(['reported', 'counted', 'estimated']),
  outcome: z.enum(['answered', 'aborted', 'upstream_error']),
  upstream_status: z.int().nullable(),
  upstream_id: z.string().nullable(),
  first_byte_ms: z.number().nullable(),
  total_ms: z.number(),
})
export type UsageAnswer = z.infer<typeof usageAnswer>

const listQuery = z.object({
  key_id: z.uuid().optional(),
  model_id: z.uuid().optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
  cursor: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})

/** `GET /api/usage`, `GET /api/usage/:id`. `nameOf` tells a model's name, null once it is gone. */
export function meteringRoutes(
  metering: Metering,
  nameOf: (modelId: string) => string | null,
): Route[] {
  return [
    jsonRoute({
      method: 'GET',
      path: '/api/usage',
      access: 'member',
      scope: 'any',
      dialect: 'problem',
      summary:
        'Usage, newest first: your own, or your organisation’s for its admins; without the scope `usage` the key’s own',
      query: listQuery,
      answer: listAnswer(usageAnswer),
      handle: async ({ principal, query }) => {
        const { rows, nextCursor } = await metering.list(principal, {
          keyId: query.key_id ?? null,
          modelId: query.model_id ?? null,
          since: query.since === undefined ? null : new Date(query.since),
          until: query.until === undefined ? null : new Date(query.until),
          cursor: query.cursor ?? null,
          limit: query.limit,
        })
        return { json: { data: rows.map((row) => shape(row, nameOf)), next_cursor: nextCursor } }
      },
    }),
    jsonRoute({
      method: 'GET',
      path: '/api/usage/:id',
      access: 'member',
      scope: 'any',
      dialect: 'problem',
      summary: 'The usage of one request, by its x-request-id',
      params: z.object({ id: z.string().max(64) }),
      answer: usageAnswer,
      handle: async ({ principal, params }) => ({
        json: shape(await metering.get(principal, params.id), nameOf),
      }),
    }),
  ]
}

function shape(row: UsageRow, nameOf: (modelId: string) => string | null) {
  const tokens = {
    input: Number(row.input_tokens),
    cached_input: Number(row.cached_input_tokens),
    cache_write: Number(row.cache_write_tokens),
    output: Number(row.output_tokens),
    reasoning: Number(row.reasoning_tokens),
  }
  const total = Object.values(tokens).reduce((sum, count) => sum + count, 0)
  return {
    id: row.id,
    started_at: row.started_at.toISOString(),
    subject_id: row.subject_id,
    key_id: row.key_id,
    team_id: row.team_id,
    model: nameOf(row.model_id),
    model_id: row.model_id,
    variant_id: row.variant_id,
    listing_id: row.listing_id,
    purpose: row.purpose,
    operation: row.operation,
    is_stream: row.is_stream,
    tokens: { ...tokens, total },
    source: row.source,
    outcome: row.outcome,
    upstream_status: row.upstream_status,
    upstream_id: row.upstream_id,
    first_byte_ms: row.first_byte_ms,
    total_ms: row.total_ms,
  }
}
