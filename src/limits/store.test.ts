import { expect, it } from 'vitest'
import { describeOnEveryServer } from '../../tests/support/database.ts'
import { ModelDatabase } from '../../tests/support/limits-model.ts'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { newId, type OrganisationId } from '../kernel/index.ts'
import { usualTiming } from './service.ts'
import { takeLeases, upsertLimits } from './store.ts'
import type { Ask, Grant, Holder, Metric, Report } from './types.ts'

describeOnEveryServer('take_limits', (openStore) => {
  it.each([1, 2, 3])(
    'answers as the model of it that the simulations use (seed %i)',
    async (seed) => {
      const store = await openStore()
      const organisationId = newId<'organisation'>()
      const limits = { requestsPerMinute: 300, tokensPerMinute: 9_000, concurrentRequests: 40 }
      const ids = [newId<'limit'>(), newId<'limit'>()]
      for (const id of ids)
        await upsertLimits(store.db, {
          id,
          holder: { kind: 'team', id: newId() } as Holder,
          organisationId: organisationId as OrganisationId,
          limits,
          updatedAt: new Date(),
        })
      const model = new ModelDatabase(Object.fromEntries(ids.flatMap(limitsOfModel)), timing)
      const draw = openDraws(seed, ids)
      const order = seededRandom(seed + 100)
      for (let turn = 1; turn <= 120; turn += 1) {
        // Now and then a statement arrives after newer ones.
        const sequence = order.below(4) === 0 ? Math.max(1, turn - order.below(9)) : turn
        const { processId, asks, reports, learn } = draw()
        const taker = { processId, sequence, timing }
        const real = await takeLeases(store.pool, taker, { asks, reports })
        const from = { processId, sequence, nowMs: performance.now() }
        const expected = model.take(from, asks, reports)
        expect(real.map(comparable)).toEqual(expected.map(comparable))
        learn(real)
      }
      await store.close()
    },
  )

  it('counts a claim that no limit could hold up to the largest limit, and answers the others', async () => {
    const store = await openStore()
    const [claimed, other] = [newId<'limit'>(), newId<'limit'>()]
    for (const id of [claimed, other])
      await upsertLimits(store.db, {
        id,
        holder: { kind: 'key', id: newId() } as Holder,
        organisationId: newId(),
        limits: { requestsPerMinute: null, tokensPerMinute: 1_000, concurrentRequests: null },
        updatedAt: new Date(),
      })
    const reports = Array.from({ length: 2_000 }, () => ({
      limitId: claimed,
      metric: 'tokens' as const,
      leaseId: newId(),
      amount: Number.MAX_SAFE_INTEGER - 1,
      lastUseMs: null,
    }))
    const from = { processId: newId(), timing: usualTiming }
    await takeLeases(store.pool, { ...from, sequence: 1 }, { asks: [], reports })
    // As if counted before amounts were bounded.
    await store.pool.query('update limit_leases set amount = $1', [Number.MAX_SAFE_INTEGER])
    const asks = [claimed, other].map(
      (limitId): Ask => ({
        limitId,
        metric: 'tokens',
        leaseId: newId(),
        least: 1,
        most: 1,
        extra: 0,
        held: 0,
      }),
    )
    const elsewhere = { ...from, processId: newId() }
    for (const [at, taker] of [from, elsewhere].entries()) {
      const own = asks.map((ask) => ({ ...ask, leaseId: newId() }))
      const grants = await takeLeases(
        store.pool,
        { ...taker, sequence: at + 2 },
        { asks: own, reports: [] },
      )
      expect(grants.map(({ granted }) => granted)).toEqual([0, 1])
    }
    await store.close()
  })

  it('knows when enough will have lapsed', async () => {
    const store = await openStore()
    const id = newId<'limit'>()
    const holder = { kind: 'key', id: newId() } as Holder
    const limits = { requestsPerMinute: 10, tokensPerMinute: null, concurrentRequests: null }
    await upsertLimits(store.db, {
      id,
      holder,
      organisationId: newId(),
      limits,
      updatedAt: new Date(),
    })
    const from = { processId: newId(), timing: usualTiming }
    const ask = (least: number): Ask => ({
      limitId: id,
      metric: 'requests',
      leaseId: newId(),
      least,
      most: least,
      extra: 0,
      held: 0,
    })
    await takeLeases(store.pool, { ...from, sequence: 1 }, { asks: [ask(4)], reports: [] })
    await store.pool.query("update limit_leases set counts_until = now() + interval '10 s'")
    await takeLeases(store.pool, { ...from, sequence: 2 }, { asks: [ask(6)], reports: [] })
    const [three, five] = await takeLeases(
      store.pool,
      { ...from, sequence: 3 },
      { asks: [ask(3), ask(5)], reports: [] },
    )
    expect(three).toMatchObject({ granted: 0, left: 0, limit: 10 })
    expect(Math.round((three?.retryMs ?? 0) / 1_000)).toBe(10)
    expect(Math.round((five?.retryMs ?? 0) / 1_000)).toBe(61)
    expect(Math.round((five?.resetMs ?? 0) / 1_000)).toBe(61)
    await store.close()
  })

  it('refuses to count where statements would not see each other', async () => {
    const store = await openStore()
    const client = await store.pool.connect()
    await client.query('begin isolation level repeatable read')
    const taking = client.query("select * from take_limits($1, 1, '{}', '[]', '[]')", [newId()])
    await expect(taking).rejects.toThrow('read committed')
    client.release(true)
    await store.close()
  })
})

/** Nothing lapses while the test runs: the clocks of the two would have to agree. */
const timing = { ...usualTiming, windowMs: 3_600_000, openMs: 600_000, placeLeaseMs: 600_000 }

function limitsOfModel(id: string): [string, number][] {
  return [
    [`${id} requests`, 300],
    [`${id} tokens`, 9_000],
    [`${id} concurrent`, 40],
  ]
}

/** What three processes ask and report, one after the other, by chance and by what they got. */
function openDraws(seed: number, ids: readonly string[]) {
  const random = seededRandom(seed)
  const processes = [newId(), newId(), newId()]
  const places = new Map<string, { leaseId: string; held: number }>()
  const granted: { ask: Ask; amount: number; processId: string }[] = []

  const drawAsk = (processId: string, limitId: string): Ask => {
    const metric = random.pick<Metric>(['requests', 'tokens', 'concurrent'])
    const scale = { requests: 20, tokens: 600, concurrent: 4 }[metric]
    const least = random.below(scale)
    const most = least + random.below(scale)
    const ask = { limitId, metric, least, most, extra: random.below(scale) }
    if (metric !== 'concurrent') return { ...ask, leaseId: newId(), held: 0 }
    const place = places.get(`${processId} ${limitId}`) ?? { leaseId: newId(), held: 0 }
    return { ...ask, leaseId: place.leaseId, held: place.held - random.below(place.held + 1) }
  }
  const drawReport = ({ ask, amount }: { ask: Ask; amount: number }): Report => {
    const { limitId, metric, leaseId } = ask
    const used = random.below(amount + 1)
    return { limitId, metric, leaseId, amount: used, lastUseMs: random.below(1_000) }
  }

  return () => {
    const processId = processes[random.below(3)] ?? ''
    const named = ids.filter(() => random.below(3) > 0)
    const asks = named.map((id) => drawAsk(processId, id))
    const reports = granted
      .filter((one) => one.processId === processId && random.below(4) === 0)
      .map(drawReport)
    const beyond = { limitId: ids[0] ?? '', metric: 'tokens', leaseId: newId() } as const
    if (random.below(5) === 0)
      reports.push({ ...beyond, amount: 1 + random.below(500), lastUseMs: null })
    const learn = (grants: readonly Grant[]): void => {
      for (const [at, ask] of asks.entries()) {
        const amount = grants[at]?.granted ?? 0
        const place = { leaseId: ask.leaseId, held: ask.held + amount }
        if (ask.metric === 'concurrent') places.set(`${processId} ${ask.limitId}`, place)
        else granted.push({ ask, amount, processId })
      }
    }
    return { processId, asks, reports, learn }
  }
}

/** What does not depend on the clocks. */
function comparable({ isLimited, limit, granted, left, elsewhere }: Grant) {
  return { isLimited, limit, granted, left, elsewhere }
}
