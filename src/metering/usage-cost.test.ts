import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { describeOnEveryServer } from '../../tests/support/database.ts'
import { memberPrincipal } from '../../tests/support/gateway.ts'
import { usageOf } from '../../tests/support/usage.ts'
import { newId, type RequestId, silentLog } from '../kernel/index.ts'
import type { Principal } from '../people/index.ts'
import type { Store } from '../store/index.ts'
import { firstIdOf } from './first-id-of.ts'
import { type Metering, openMetering } from './service.ts'
import { insertUsage } from './store.ts'
import { selectTotals } from './store-totals.ts'
import type { Usage } from './types.ts'

const NOW = Date.UTC(2026, 10, 26)

let made = 0
/** A record whose id is of its time, as all are. */
function usageAt(caller: Principal, over: Partial<Usage> = {}): Usage {
  made += 1
  const usage = usageOf(caller, over)
  const id = `${firstIdOf(usage.startedAtMs).slice(0, -4)}${String(made).padStart(4, '0')}`
  return { ...usage, id: id as RequestId }
}

describeOnEveryServer('the cost of usage', (openStoreHere) => {
  let store: Store
  let metering: Metering
  const me = memberPrincipal()
  const colleague = memberPrincipal({ organisationId: me.organisationId })
  const admin = memberPrincipal({ organisationId: me.organisationId, role: 'admin' })
  const stranger = memberPrincipal({ role: 'owner' })

  beforeAll(async () => {
    store = await openStoreHere()
    const clock = { nowMs: () => NOW, monotonicMs: () => performance.now() }
    metering = openMetering({ store, log: silentLog, clock })
  })
  beforeEach(() => store.pool.query('truncate usage'))
  afterAll(() => store.close())

  it('is kept to the last pico-unit, or why that is not known', async () => {
    const amountPico = 98_765_432_109_876_543_210_987_654_321n
    const known = usageOf(me, {
      cost: { isKnown: true, amountPico, currency: 'CNY', priceRef: 'prices/"a", {b}.yaml#x@2026' },
      computeMs: 1_234.5,
    })
    const unknown = usageOf(me, { cost: { isKnown: false, reason: 'no_price' } })
    await insertUsage(store.pool, [known, unknown])
    expect(await metering.get(me, known.id)).toMatchObject({
      cost_pico: '98765432109876543210987654321',
      cost_currency: 'CNY',
      price_ref: 'prices/"a", {b}.yaml#x@2026',
      cost_unknown: null,
      compute_ms: 1_234.5,
    })
    expect(await metering.get(me, unknown.id)).toMatchObject({
      cost_pico: null,
      cost_currency: null,
      price_ref: null,
      cost_unknown: 'no_price',
    })
  })

  it('keeps a record of a process of the version before, beside others', async () => {
    const columns = `id, started_at, organisation_id, subject_id, key_id, team_id, model_id,
      variant_id, listing_id, purpose, operation, is_stream, input_tokens, cached_input_tokens,
      cache_write_tokens, output_tokens, reasoning_tokens, source, outcome, upstream_status,
      upstream_id, first_byte_ms, total_ms`
    const usage = usageOf(me)
    await insertUsage(store.pool, [usage])
    const id = newId()
    await store.pool.query(
      `insert into usage (${columns}) select '${id}'::uuid, ${columns.replace('id, ', '')}
        from usage where id = $1`,
      [usage.id],
    )
    expect(await metering.get(me, id)).toMatchObject({ cost_pico: null, cost_unknown: null })
  })

  it.each<[string, NonNullable<Usage['cost']>]>([
    ['a negative cost', { isKnown: true, amountPico: -1n, currency: 'USD', priceRef: 'x' }],
    [
      'a cost beyond numeric',
      { isKnown: true, amountPico: 10n ** 38n, currency: 'USD', priceRef: 'x' },
    ],
  ])('gives up a record with %s, and no other', async (_name, cost) => {
    const records = [usageOf(me), usageOf(me, { cost })]
    const outcomes = await Promise.allSettled(records.map((usage) => metering.record(usage, 5_000)))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  })

  it('sums what a caller may see, by currency and group, and counts what has no known cost', async () => {
    const cost = (currency: string, amountPico: bigint): Usage['cost'] & object => ({
      isKnown: true,
      amountPico,
      currency,
      priceRef: 'x',
    })
    const modelId = newId<'model'>()
    const day = Date.UTC(2026, 10, 24)
    await insertUsage(store.pool, [
      usageAt(me, { cost: cost('USD', 10n ** 30n), modelId }),
      usageAt(me, { cost: cost('USD', 1n), modelId }),
      usageAt(me, { cost: cost('CNY', 5n), modelId, startedAtMs: day }),
      usageAt(me, { cost: { isKnown: false, reason: 'no_price' } }),
      usageAt(me),
      usageAt(colleague, { cost: cost('USD', 7n) }),
      usageAt(stranger, { cost: cost('USD', 7n) }),
    ])
    const filter = { keyId: null, modelId: null, since: null, until: null, by: null }
    const sums = async (caller: Principal, more: object = {}) =>
      (await metering.totals(caller, { ...filter, ...more })).rows.map((row) => [
        row.group_key,
        row.cost_currency,
        row.request_count,
        row.cost_pico,
        row.input_tokens,
      ])
    expect(await sums(me)).toEqual([
      [null, 'CNY', '1', '5', '11'],
      [null, 'USD', '2', '1000000000000000000000000000001', '22'],
      [null, null, '2', null, '22'],
    ])
    expect(await sums(admin)).toContainEqual([
      null,
      'USD',
      '3',
      '1000000000000000000000000000008',
      '33',
    ])
    expect(await sums(me, { modelId, by: 'day' })).toEqual([
      ['2026-11-24', 'CNY', '1', '5', '11'],
      ['2026-11-25', 'USD', '2', '1000000000000000000000000000001', '22'],
    ])
    expect(await sums(me, { modelId, until: new Date(day) })).toEqual([])
    expect(await sums(me, { modelId, since: new Date(day), until: new Date(day + 1) })).toEqual([
      [null, 'CNY', '1', '5', '11'],
    ])
    for (const by of ['model', 'listing', 'key', 'purpose'] as const)
      expect(await sums(me, { by })).not.toEqual([])
  })

  it('tells days apart in UTC, wherever the database is', async () => {
    const startedAtMs = Date.UTC(2026, 10, 24, 23, 30)
    await insertUsage(store.pool, [usageAt(me, { startedAtMs })])
    await store.db.connection().execute(async (db) => {
      await sql`set timezone to 'Asia/Shanghai'`.execute(db)
      const days = await selectTotals({ ...store, db }, {
        ...{ organisationId: me.organisationId, subjectId: null, ownKeyId: null },
        ...{ keyId: null, modelId: null, since: null, until: null, by: 'day' },
      } as const)
      await sql`reset timezone`.execute(db)
      expect(days.map(({ group_key: key }) => key)).toEqual(['2026-11-24'])
    })
  })
})
