import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { memberPrincipal } from '../../tests/support/gateway.ts'
import { newId } from '../kernel/index.ts'
import type { JsonRoute } from '../people/index.ts'
import { meteringRoutes } from './routes.ts'
import type { Metering, UsageQuery } from './service.ts'
import type { UsageRow } from './store.ts'

const principal = memberPrincipal()

const ROW: UsageRow = {
  id: newId(),
  started_at: new Date('2026-11-25T12:00:00.123Z'),
  organisation_id: principal.organisationId,
  subject_id: principal.subjectId,
  key_id: null,
  team_id: null,
  model_id: newId(),
  variant_id: newId(),
  listing_id: newId(),
  purpose: 'use',
  operation: 'chat',
  is_stream: true,
  input_tokens: '11',
  cached_input_tokens: '5',
  cache_write_tokens: '2',
  output_tokens: '7',
  reasoning_tokens: '3',
  source: 'estimated',
  outcome: 'aborted',
  upstream_status: null,
  upstream_id: null,
  first_byte_ms: null,
  total_ms: 250.25,
  compute_ms: null,
  cost_pico: '12207000000',
  cost_currency: 'USD',
  price_ref: 'owner:1',
  cost_unknown: null,
  route: null,
}

/** The routes over a metering that answers one row and keeps what it was asked. */
function open(nextCursor: string | null = null, row: UsageRow = ROW) {
  const asked: UsageQuery[] = []
  const metering: Pick<Metering, 'list' | 'get'> = {
    list: async (_caller, query) => {
      asked.push(query)
      return { rows: [row], nextCursor }
    },
    get: async () => row,
  }
  const routes = meteringRoutes(metering as Metering, (id) =>
    id === row.model_id ? 'acme/m' : null,
  )
  const byPath = new Map(routes.map((route) => [route.path, route as JsonRoute]))
  const call = async (path: string, query: object, params: object = {}) => {
    const route = byPath.get(path)
    const parsed = (schema: z.ZodType | undefined, value: object) => schema?.parse(value)
    const reply = await route?.handle({
      principal,
      params: parsed(route.params, params) as never,
      query: parsed(route.query, query) as never,
      body: undefined as never,
      requestId: 'r',
      headers: {},
    })
    return route?.answer?.parse(reply?.json)
  }
  return { routes, asked, call }
}

const row = ROW

describe('the usage routes', () => {
  it('are for members; the scope decides how much a key sees', () => {
    for (const route of open().routes) {
      expect(route).toMatchObject({ access: 'member', scope: 'any', dialect: 'problem' })
    }
  })

  it('show numbers with units, unknown facts as null, and the sum of the tokens', async () => {
    const { call } = open()
    const { organisation_id: _hidden, ...shown } = row
    const { input_tokens, cached_input_tokens, ...rest } = shown
    const { cache_write_tokens, output_tokens, reasoning_tokens, ...money } = rest
    const { cost_pico, cost_currency, cost_unknown, price_ref, ...plain } = money
    expect([cost_pico, cost_currency, cost_unknown]).toEqual(['12207000000', 'USD', null])
    expect([input_tokens, cached_input_tokens, cache_write_tokens]).toEqual(['11', '5', '2'])
    expect([output_tokens, reasoning_tokens]).toEqual(['7', '3'])
    expect(await call('/api/usage/:id', {}, { id: row.id })).toEqual({
      ...plain,
      started_at: '2026-11-25T12:00:00.123Z',
      model: 'acme/m',
      tokens: { input: 11, cached_input: 5, cache_write: 2, output: 7, reasoning: 3, total: 28 },
      cost: { amount: '0.012207', currency: 'USD', known: true, reason: null, price_ref },
    })
  })

  it.each([
    ['no_price', 'no_price'],
    [null, 'not_priced'],
    ['a word of a newer version', 'not_priced'],
  ])('show an unknown cost, recorded for %j, as null with a reason', async (unknown, reason) => {
    const { call } = open(null, {
      ...row,
      cost_pico: null,
      cost_currency: null,
      cost_unknown: unknown,
    })
    expect(await call('/api/usage/:id', {}, { id: row.id })).toMatchObject({
      cost: { amount: null, currency: null, known: false, reason },
    })
  })

  it('give pages of 100 unless told otherwise, and the cursor of the next', async () => {
    const { call, asked } = open('cursor-1')
    expect(await call('/api/usage', {})).toMatchObject({
      data: [{ id: row.id }],
      next_cursor: 'cursor-1',
    })
    expect(asked[0]).toEqual({
      keyId: null,
      modelId: null,
      outcome: null,
      since: null,
      until: null,
      cursor: null,
      limit: 100,
    })
  })

  it('read every filter', async () => {
    const { call, asked } = open()
    const key = newId()
    await call('/api/usage', {
      key_id: key,
      model_id: row.model_id,
      since: '2026-11-25T00:00:00Z',
      until: '2026-11-25T02:00:00+01:00',
      cursor: 'c',
      outcome: 'aborted',
      limit: '7',
    })
    expect(asked[0]).toEqual({
      keyId: key,
      modelId: row.model_id,
      outcome: 'aborted',
      since: new Date('2026-11-25T00:00:00Z'),
      until: new Date('2026-11-25T01:00:00Z'),
      cursor: 'c',
      limit: 7,
    })
  })

  it.each([
    { limit: '0' },
    { limit: '1001' },
    { limit: 'x' },
    { key_id: 'x' },
    { model_id: '1' },
    { since: 'yesterday' },
    { until: '2026-11-25' },
    { cursor: 'x'.repeat(65) },
  ])('refuse %j', async (query) => {
    await expect(open().call('/api/usage', query)).rejects.toBeInstanceOf(z.ZodError)
  })
})
