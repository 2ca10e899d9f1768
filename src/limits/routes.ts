import { z } from 'zod'
import { jsonRoute, listAnswer, pageQueryOf, type Route } from '../people/index.ts'
import type { LimitsAdmin, LimitsInUse } from './service-admin.ts'
import { type Holder, LARGEST_LIMIT } from './types.ts'

const kind = z.enum(['key', 'person', 'team', 'organisation'])
const limit = z.int().min(1).max(LARGEST_LIMIT).nullable()
const used = z.int().nullable()

const byHolder = z.object({ kind, id: z.uuid() })
const newLimits = z.strictObject({
  requests_per_minute: limit.default(null),
  tokens_per_minute: limit.default(null),
  concurrent_requests: limit.default(null),
})
const limitsAnswer = z.object({
  holder_kind: kind,
  holder_id: z.uuid(),
  requests_per_minute: limit,
  tokens_per_minute: limit,
  concurrent_requests: limit,
  /** What counts now, leased parts included; null where no limit is. */
  used: z.object({ requests: used, tokens: used, concurrent: used }),
  updated_at: z.iso.datetime(),
})
export type LimitsAnswer = z.infer<typeof limitsAnswer>

const pageQuery = pageQueryOf({ usual: 50, most: 200 })
const api = { scope: 'api', dialect: 'problem' } as const

/** `GET /api/limits`, `GET /api/limits/mine`, `PUT` and `DELETE /api/limits/:kind/:id`. */
export function limitsRoutes(limits: LimitsAdmin): Route[] {
  return [
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/limits',
      access: 'admin',
      summary: 'All limits of your organisation, with what counts of them now',
      query: pageQuery,
      answer: listAnswer(limitsAnswer),
      handle: async ({ principal, query }) => {
        const { cursor = null, limit } = query
        const { items, nextCursor } = await limits.list(principal, { cursor, limit })
        return { json: { data: items.map(shape), next_cursor: nextCursor } }
      },
    }),
    jsonRoute({
      ...api,
      scope: 'any',
      method: 'GET',
      path: '/api/limits/mine',
      access: 'member',
      summary: 'The limits that bind you',
      answer: listAnswer(limitsAnswer),
      handle: async ({ principal }) => {
        const all = await limits.listOwn(principal)
        return { json: { data: all.map(shape), next_cursor: null } }
      },
    }),
    jsonRoute({
      ...api,
      method: 'PUT',
      path: '/api/limits/:kind/:id',
      access: 'admin',
      summary: 'Set all limits of a key, person or team; of an organisation by house owners',
      params: byHolder,
      body: newLimits,
      answer: limitsAnswer,
      handle: async ({ principal, params, body }) => ({
        json: shape(
          await limits.set(principal, params as Holder, {
            requestsPerMinute: body.requests_per_minute,
            tokensPerMinute: body.tokens_per_minute,
            concurrentRequests: body.concurrent_requests,
          }),
        ),
      }),
    }),
    jsonRoute({
      ...api,
      method: 'DELETE',
      path: '/api/limits/:kind/:id',
      access: 'admin',
      summary: 'Remove all limits of a holder',
      params: byHolder,
      handle: async ({ principal, params }) => {
        await limits.remove(principal, params as Holder)
        return { status: 204 }
      },
    }),
  ]
}

function shape({ holder, limits, use, updatedAt }: LimitsInUse) {
  const { requestsPerMinute, tokensPerMinute, concurrentRequests } = limits
  return {
    holder_kind: holder.kind,
    holder_id: holder.id,
    requests_per_minute: requestsPerMinute,
    tokens_per_minute: tokensPerMinute,
    concurrent_requests: concurrentRequests,
    used: {
      requests: requestsPerMinute === null ? null : use.requests,
      tokens: tokensPerMinute === null ? null : use.tokens,
      concurrent: concurrentRequests === null ? null : use.concurrent,
    },
    updated_at: updatedAt.toISOString(),
  }
}
