import { z } from 'zod'
import { jsonRoute, listAnswer, type Route } from '../people/index.ts'
import { shapeCost, type UnknownReason } from '../pricing/index.ts'
import type { Metering } from './service.ts'
import type { UsageRow } from './store.ts'
import { type Money, sumAll, sumTotals } from './sum-totals.ts'

const costAnswer = z.object({
  /** Decimal text, exact; null: not known, never zero. */
  amount: z.string().nullable(),
  currency: z.string().nullable(),
  known: z.boolean(),
  /** Why it is not known. */
  reason: z.enum(['no_price', 'part_unpriced', 'time_unmeasured', 'not_priced']).nullable(),
  /** The price that held, with where it is from and since when; null: none did. */
  price_ref: z.string().nullable(),
})
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
  compute_ms: z.number().nullable(),
  /** How routing chose the listing; null: who asked named the model. */
  route: z.string().nullable(),
  cost: costAnswer,
})
export type UsageAnswer = z.infer<typeof usageAnswer>

const whole = z.int()
const totals = z.object({
  key: z.string().nullable(),
  request_count: whole,
  tokens: z.object({
    input: whole,
    cached_input: whole,
    cache_write: whole,
    output: whole,
    reasoning: whole,
    total: whole,
  }),
  costs: z.array(z.object({ amount: z.string(), currency: z.string(), request_count: whole })),
  cost_unknown_count: whole,
  cost: z.object({
    amount: z.string().nullable(),
    currency: z.string(),
    known: z.boolean(),
    rate_day: z.string().nullable(),
  }),
})
const totalsAnswer = z.object({
  /** What was summed up: `since` is in, `until` is out. */
  since: z.iso.datetime(),
  until: z.iso.datetime(),
  total: totals,
  by: z.string().nullable(),
  data: z.array(totals),
})
export type UsageTotalsAnswer = z.infer<typeof totalsAnswer>

const time = z.iso.datetime({ offset: true }).optional()
const outcome = z.enum(['answered', 'aborted', 'upstream_error'])
const totalsQuery = z.object({
  key_id: z.uuid().optional(),
  model_id: z.uuid().optional(),
  outcome: outcome.optional(),
  since: time,
  until: time,
  by: z.enum(['model', 'listing', 'key', 'purpose', 'day']).optional(),
})

const listQuery = z.object({
  key_id: z.uuid().optional(),
  model_id: z.uuid().optional(),
  outcome: outcome.optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
  cursor: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})

/** Where nobody knows rates. */
const DOLLARS: Money = {
  currency: () => 'USD',
  convert: (amount, to) => (amount.currency === to ? { ...amount, rateDay: null } : null),
}

/**
 * `GET /api/usage`, `GET /api/usage/totals`, `GET /api/usage/:id`.
 *
 * @param nameOf tells a model's name, null once it is gone
 * @param money absent: totals are in dollars, and no rate is known
 */
export function meteringRoutes(
  metering: Metering,
  nameOf: (modelId: string) => string | null,
  money: Money = DOLLARS,
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
          outcome: query.outcome ?? null,
          since: query.since === undefined ? null : new Date(query.since),
          until: query.until === undefined ? null : new Date(query.until),
          cursor: query.cursor ?? null,
          limit: query.limit,
        })
        return { json: { data: rows.map((row) => shape(row, nameOf)), next_cursor: nextCursor } }
      },
    }),
    totalsRoute(metering, money),
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

function totalsRoute(metering: Metering, money: Money): Route {
  return jsonRoute({
    method: 'GET',
    path: '/api/usage/totals',
    access: 'member',
    scope: 'any',
    dialect: 'problem',
    summary:
      'Requests, tokens and cost of a time, and how many of unknown cost: 31 days, or up to 366',
    query: totalsQuery,
    answer: totalsAnswer,
    handle: async ({ principal, query }) => {
      const by = query.by ?? null
      const { rows, span } = await metering.totals(principal, {
        keyId: query.key_id ?? null,
        modelId: query.model_id ?? null,
        outcome: query.outcome ?? null,
        since: query.since === undefined ? null : new Date(query.since),
        until: query.until === undefined ? null : new Date(query.until),
        by,
      })
      const total = sumAll(rows, money)
      const of = { since: span.since.toISOString(), until: span.until.toISOString() }
      return { json: { ...of, total, by, data: by === null ? [] : sumTotals(rows, money) } }
    },
  })
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
    compute_ms: row.compute_ms,
    route: row.route,
    cost: shapeRowCost(row),
  }
}

function shapeRowCost({ cost_pico: pico, cost_currency: currency, ...row }: UsageRow) {
  if (pico === null || currency === null)
    return shapeCost({ isKnown: false, reason: reasonOf(row.cost_unknown) })
  const priceRef = row.price_ref ?? ''
  return shapeCost({ isKnown: true, amountPico: BigInt(pico), currency, priceRef })
}

/** A reason of a newer version is read as none. */
function reasonOf(text: string | null): UnknownReason {
  const reason = costAnswer.shape.reason.safeParse(text).data
  return reason ?? 'not_priced'
}
