import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { describeOnEveryServer } from '../../tests/support/database.ts'
import { memberPrincipal } from '../../tests/support/gateway.ts'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { usageOf } from '../../tests/support/usage.ts'
import { type Log, newId, type RequestId, silentLog } from '../kernel/index.ts'
import type { Principal } from '../people/index.ts'
import type { Store } from '../store/index.ts'
import { firstIdOf } from './first-id-of.ts'
import { type Metering, openMetering, type UsageQuery } from './service.ts'
import { insertUsage } from './store.ts'
import type { Usage } from './types.ts'

const EVERYTHING: UsageQuery = {
  keyId: null,
  modelId: null,
  since: null,
  until: null,
  cursor: null,
  limit: 100,
}

describeOnEveryServer('usage', (openStoreHere) => {
  let store: Store
  let metering: Metering
  let logged: string[]
  const me = memberPrincipal()
  const colleague = memberPrincipal({ organisationId: me.organisationId })
  const admin = memberPrincipal({ organisationId: me.organisationId, role: 'admin' })
  const stranger = memberPrincipal({ role: 'owner' })

  beforeAll(async () => {
    store = await openStoreHere()
  })
  beforeEach(async () => {
    await store.pool.query('truncate usage')
    logged = []
    const log: Log = { ...silentLog, error: (_fields, message) => void logged.push(message) }
    metering = openMetering({ store, log })
  })
  afterAll(() => store.close())

  async function countRows(): Promise<number> {
    const { rows } = await store.pool.query('select count(*)::int as count from usage')
    return rows[0].count
  }

  it('keeps every fact of a record', async () => {
    const usage = usageOf(me)
    await metering.record(usage, 5_000)
    expect(await metering.get(me, usage.id)).toEqual({
      id: usage.id,
      started_at: new Date(usage.startedAtMs),
      organisation_id: me.organisationId,
      subject_id: me.subjectId,
      key_id: me.keyId,
      team_id: null,
      model_id: usage.modelId,
      variant_id: usage.variantId,
      listing_id: usage.listingId,
      purpose: 'use',
      operation: 'chat',
      is_stream: true,
      input_tokens: '11',
      cached_input_tokens: '5',
      cache_write_tokens: '2',
      output_tokens: '7',
      reasoning_tokens: '3',
      source: 'reported',
      outcome: 'answered',
      upstream_status: 200,
      upstream_id: 'chatcmpl-1',
      first_byte_ms: 12.5,
      total_ms: 250.25,
      compute_ms: null,
      cost_pico: null,
      cost_currency: null,
      price_ref: null,
      cost_unknown: null,
      route: null,
    })
  })

  it('keeps what is not known as unknown', async () => {
    const usage = usageOf(me, {
      keyId: null,
      upstreamStatus: null,
      upstreamId: null,
      firstByteMs: null,
    })
    await metering.record(usage, 5_000)
    expect(await metering.get(me, usage.id)).toMatchObject({
      key_id: null,
      upstream_status: null,
      upstream_id: null,
      first_byte_ms: null,
    })
  })

  it.each(['say "hi", {a,b}', 'C:\\new\\', 'NULL', ' ', '{}'])(
    'keeps the upstream’s id %j as it is, beside others in its group',
    async (upstreamId) => {
      const usages = [usageOf(me), usageOf(me, { upstreamId }), usageOf(me, { upstreamId: null })]
      await insertUsage(store.pool, usages)
      const kept = await Promise.all(usages.map(({ id }) => metering.get(me, id)))
      expect(kept.map((row) => row.upstream_id)).toEqual(['chatcmpl-1', upstreamId, null])
    },
  )

  it('keeps the largest counts exactly', async () => {
    const tokens = { ...usageOf(me).tokens, input: Number.MAX_SAFE_INTEGER }
    const usage = usageOf(me, { tokens })
    await metering.record(usage, 5_000)
    expect((await metering.get(me, usage.id)).input_tokens).toBe('9007199254740991')
  })

  it('records an id once: who writes it again changes nothing', async () => {
    const usage = usageOf(me)
    await insertUsage(store.pool, [usage, usageOf(me)])
    await insertUsage(store.pool, [{ ...usage, outcome: 'aborted' }, usageOf(me)])
    await metering.record({ ...usage, outcome: 'aborted' }, 5_000)
    expect(await countRows()).toBe(3)
    expect((await metering.get(me, usage.id)).outcome).toBe('answered')
  })

  it('commits many at once, each before its promise resolves', async () => {
    const usages = Array.from({ length: 2_500 }, () => usageOf(me))
    await Promise.all(usages.map((usage) => metering.record(usage, 10_000)))
    expect(metering.pendingCount).toBe(0)
    expect(await countRows()).toBe(2_500)
  })

  it.each<[string, Partial<Usage>]>([
    ['a word that the table does not know', { outcome: 'vanished' as 'aborted' }],
    ['a negative count', { tokens: { ...usageOf(me).tokens, output: -1 } }],
    ['a broken count', { tokens: { ...usageOf(me).tokens, output: 0.5 } }],
    ['an id that is none', { id: 'x' as RequestId }],
    ['a NUL in a text', { upstreamId: 'a\u0000b' }],
    ['a status beyond its type', { upstreamStatus: 70_000 }],
  ])('gives up a record with %s, and no other', async (_name, broken) => {
    const before = usageOf(me)
    const after = usageOf(me)
    const records = [before, usageOf(me, broken), after]
    const outcomes = await Promise.allSettled(records.map((usage) => metering.record(usage, 5_000)))
    expect(outcomes.map((outcome) => outcome.status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
    expect(outcomes[1]).toMatchObject({ reason: { code: 'metering_record_refused' } })
    expect(await countRows()).toBe(2)
    expect((await metering.get(me, after.id)).id).toBe(after.id)
    expect(logged).toEqual(['usage record given up: bad data'])
  })

  it('refuses in time when the database does not answer, and commits later, once', async () => {
    const usage = usageOf(me)
    const blocker = await store.pool.connect()
    await blocker.query('begin')
    await blocker.query('lock table usage in access exclusive mode')
    const late = metering.record(usage, 100)
    await expect(late).rejects.toMatchObject({
      code: 'metering_unavailable',
      kind: 'unavailable',
      retryAfterSeconds: 2,
    })
    expect(metering.pendingCount).toBe(1)
    const startedMs = performance.now()
    await metering.drain(50)
    expect(performance.now() - startedMs).toBeLessThan(1_000)
    expect(metering.pendingCount).toBe(1)
    await blocker.query('rollback')
    blocker.release()
    await metering.drain(5_000)
    expect(metering.pendingCount).toBe(0)
    expect(await countRows()).toBe(1)
  })

  it('commits a record for a team under it', async () => {
    const teamId = newId<'team'>()
    const usage = usageOf(me, { teamId })
    await metering.record(usage, 5_000)
    expect((await metering.get(me, usage.id)).team_id).toBe(teamId)
  })

  it('lets nothing be dispatched while a record waits for more than three seconds', async () => {
    let nowMs = 0
    const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs }
    const lines: object[] = []
    const log: Log = { ...silentLog, error: (fields) => void lines.push(fields) }
    const own = openMetering({ store, log, clock })
    const blocker = await store.pool.connect()
    await blocker.query('begin')
    await blocker.query('lock table usage in access exclusive mode')
    const recording = own.record(usageOf(me), 5_000)
    nowMs = 3_000
    expect(() => own.mayDispatch()).not.toThrow()
    nowMs = 3_001
    expect(() => own.mayDispatch()).toThrow(
      expect.objectContaining({ code: 'metering_unavailable', retryAfterSeconds: 2 }),
    )
    await blocker.query('rollback')
    blocker.release()
    await recording
    expect(() => own.mayDispatch()).not.toThrow()
    await own.close(1_000)
    expect(lines).toEqual([])
  })

  it('lets nothing be dispatched half a second after a record whose write failed', async () => {
    await store.pool.query('alter table usage rename to usage_away')
    let nowMs = 0
    const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs }
    const failed = Promise.withResolvers<void>()
    const own = openMetering({
      store,
      log: { ...silentLog, error: () => failed.resolve() },
      clock,
    })
    const recording = own.record(usageOf(me), 5_000)
    nowMs = 501
    expect(() => own.mayDispatch()).not.toThrow()
    await failed.promise
    await expect.poll(() => isRefused(() => own.mayDispatch())).toBe(true)
    await store.pool.query('alter table usage_away rename to usage')
    await recording
    expect(() => own.mayDispatch()).not.toThrow()
    await own.close(1_000)
  })

  it('logs each record that it must lose at its end, whole, and says that it failed', async () => {
    await store.pool.query('alter table usage rename to usage_away')
    const lines: object[] = []
    const log: Log = { ...silentLog, error: (fields) => void lines.push(fields) }
    const own = openMetering({ store, log })
    const lost = [usageOf(me), usageOf(me)]
    const outcomes = Promise.allSettled(lost.map((usage) => own.record(usage, 50)))
    await expect(own.close(100)).rejects.toMatchObject({ code: 'metering_unavailable' })
    expect(lines.filter((line) => 'usage' in line)).toEqual(lost.map((usage) => ({ usage })))
    await outcomes
    await store.pool.query('alter table usage_away rename to usage')
  })

  it('commits what else belongs to a group with it, or neither', async () => {
    const seen: number[] = []
    const own = openMetering({
      store,
      log: silentLog,
      alsoCommit: async (client, records) => {
        const { rows } = await client.query('select count(*)::int as count from usage')
        seen.push(rows[0].count)
        if (seen.length === 1) await client.query('select from no_such_table')
        expect(records).toHaveLength(1)
      },
    })
    await own.record(usageOf(me), 5_000)
    expect(seen).toEqual([1, 1])
    expect(await countRows()).toBe(1)
  })

  it('tries again when its statement was cut off', async () => {
    await store.pool.query('alter table usage rename to usage_away')
    const usage = usageOf(me)
    const recording = metering.record(usage, 5_000)
    await new Promise((resolve) => setTimeout(resolve, 80))
    await store.pool.query('alter table usage_away rename to usage')
    await recording
    expect(await countRows()).toBe(1)
    expect(logged).toContain('usage not committed, retrying')
  })

  it('shows a member their own, an admin the organisation’s, a stranger none of it', async () => {
    const mine = usageOf(me)
    const theirs = usageOf(colleague)
    const foreign = usageOf(stranger)
    await insertUsage(store.pool, [mine, theirs, foreign])
    const seenBy = async (caller: Principal) =>
      (await metering.list(caller, EVERYTHING)).rows.map((row) => row.id).toSorted()
    expect(await seenBy(me)).toEqual([mine.id])
    expect(await seenBy(colleague)).toEqual([theirs.id])
    expect(await seenBy(admin)).toEqual([mine.id, theirs.id].toSorted())
    expect(await seenBy(stranger)).toEqual([foreign.id])
    const unknown = expect.objectContaining({ code: 'metering_usage_unknown', kind: 'not_found' })
    expect((await metering.get(admin, mine.id)).id).toBe(mine.id)
    await expect(metering.get(colleague, mine.id)).rejects.toEqual(unknown)
    await expect(metering.get(stranger, mine.id)).rejects.toEqual(unknown)
    await expect(metering.get(admin, foreign.id)).rejects.toEqual(unknown)
    for (const id of [newId(), 'x', '', "' or 1=1 --"]) {
      await expect(metering.get(me, id), id).rejects.toEqual(unknown)
    }
  })

  it('shows a key without the scope `usage` what it used itself, whatever its role', async () => {
    const limited: Principal = { ...admin, scopes: ['chat'], keyId: newId() }
    const own = { ...usageOf(limited), keyId: limited.keyId }
    const other = usageOf(me)
    await insertUsage(store.pool, [own, other])
    const page = await metering.list(limited, EVERYTHING)
    expect(page.rows.map((row) => row.id)).toEqual([own.id])
    const foreign = await metering.list(limited, { ...EVERYTHING, keyId: other.keyId })
    expect(foreign.rows).toEqual([])
    expect((await metering.get(limited, own.id)).id).toBe(own.id)
    await expect(metering.get(limited, other.id)).rejects.toMatchObject({
      code: 'metering_usage_unknown',
    })
    const wide: Principal = { ...limited, scopes: ['usage'] }
    expect((await metering.list(wide, EVERYTHING)).rows).toHaveLength(2)
  })

  it('pages from the newest, each record once, whatever the page', async () => {
    const usages = Array.from({ length: 23 }, () => usageOf(me))
    await insertUsage(store.pool, usages)
    const newestFirst = usages
      .map((usage) => usage.id)
      .toSorted()
      .toReversed()
    for (const limit of [1, 5, 22, 23, 24]) {
      const seen: string[] = []
      let cursor: string | null = null
      let pages = 0
      do {
        const page = await metering.list(me, { ...EVERYTHING, cursor, limit })
        expect(page.rows.length).toBeLessThanOrEqual(limit)
        seen.push(...page.rows.map((row) => row.id))
        cursor = page.nextCursor
        pages += 1
      } while (cursor !== null)
      expect(seen).toEqual(newestFirst)
      expect(pages).toBe(Math.ceil(23 / limit))
    }
  })

  it('refuses a cursor that it did not give', async () => {
    await expect(metering.list(me, { ...EVERYTHING, cursor: 'next' })).rejects.toMatchObject({
      code: 'metering_cursor_invalid',
      param: 'cursor',
    })
  })

  it('filters by key, model and time: the beginning is in, the end is out', async () => {
    const random = seededRandom(1)
    const keys = [newId<'key'>(), newId<'key'>()] as const
    const models = [newId<'model'>(), newId<'model'>()] as const
    const hourMs = 3_600_000
    const startMs = Date.UTC(2026, 10, 25)
    const usages = Array.from({ length: 40 }, () => {
      const startedAtMs = startMs + random.below(6) * hourMs
      // The clock may be set between the making of an id and the reading of the time.
      const idMs = startedAtMs + (random.below(3) - 1) * 0.9 * hourMs
      const id = (firstIdOf(idMs).slice(0, 24) + newId().slice(24)) as RequestId
      return usageOf(me, {
        id,
        keyId: random.pick(keys),
        modelId: random.pick(models),
        startedAtMs,
      })
    })
    await insertUsage(store.pool, usages)
    const filters: Partial<UsageQuery>[] = [
      {},
      { keyId: keys[0] },
      { modelId: models[1] },
      { since: new Date(startMs + 2 * hourMs) },
      { until: new Date(startMs + 2 * hourMs) },
      {
        keyId: keys[1],
        modelId: models[0],
        since: new Date(startMs + hourMs),
        until: new Date(startMs + 4 * hourMs),
      },
      { keyId: newId() },
    ]
    for (const filter of filters) {
      const expected = usages.filter(
        (usage) =>
          (filter.keyId === undefined || usage.keyId === filter.keyId) &&
          (filter.modelId === undefined || usage.modelId === filter.modelId) &&
          usage.startedAtMs >= (filter.since?.getTime() ?? 0) &&
          usage.startedAtMs < (filter.until?.getTime() ?? Infinity),
      )
      const { rows } = await metering.list(me, { ...EVERYTHING, ...filter })
      const newestFirst = expected
        .map((usage) => usage.id)
        .toSorted()
        .toReversed()
      expect(rows.map((row) => row.id)).toEqual(newestFirst)
    }
  })
})

function isRefused(call: () => void): boolean {
  try {
    call()
    return false
  } catch {
    return true
  }
}
