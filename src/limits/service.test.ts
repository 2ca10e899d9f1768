import { afterEach, expect, it } from 'vitest'
import { describeOnEveryServer } from '../../tests/support/database.ts'
import { principalWith } from '../../tests/support/principal.ts'
import { newId, Refusal, silentLog, systemClock } from '../kernel/index.ts'
import type { Store } from '../store/index.ts'
import { type LimitsOptions, type LimitsService, openLimits, usualTiming } from './service.ts'
import { deleteLapsed, takeLeases } from './store.ts'
import type { Holder, LimitHold, Limits, Timing } from './types.ts'

/** A minute of one second, and everything else as much shorter. */
const quick: Partial<Timing> = {
  windowMs: 1_000,
  openMs: 200,
  reportMs: 100,
  placeLeaseMs: 600,
  placeRenewMs: 200,
}
const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function openWorld(
  openStore: () => Promise<Store>,
  { replicas = 1, timing = {} }: { replicas?: number; timing?: Partial<Timing> } = {},
) {
  const store = await openStore()
  open.push(() => store.close())
  const all: LimitsService[] = []
  for (let at = 0; at < replicas; at += 1) all.push(await addReplica(store, timing))
  return { store, first: all[0] as LimitsService, second: all[1] as LimitsService, admin: admin() }
}

async function addReplica(
  store: Store,
  timing: Partial<Timing>,
  mayLimit: LimitsOptions['mayLimit'] = async () => 'allowed',
): Promise<LimitsService> {
  const service = await openLimits({ store, clock: systemClock, log: silentLog, timing, mayLimit })
  open.push(() => service.close())
  return service
}

const admin = () => principalWith({ role: 'owner', isHouse: true })
type Admin = ReturnType<typeof admin>

const whole = { cursor: null, limit: 100 }
const no: Limits = { requestsPerMinute: null, tokensPerMinute: null, concurrentRequests: null }

function keyOf({ keyId }: Admin): Holder {
  return { kind: 'key', id: keyId ?? newId() }
}

/** Takes, and tells the refusal's code instead of throwing it. */
async function take(
  service: LimitsService,
  caller: Admin,
  tokens = 0,
): Promise<LimitHold | Refusal | null> {
  try {
    return await service.take(caller, tokens)
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

/** Until a process knows that the caller has limits: by then it took and ended one request. */
async function untilKnown(service: LimitsService, caller: Admin): Promise<void> {
  await until(async () => {
    const hold = await take(service, caller)
    if (hold === null || hold instanceof Refusal) return hold !== null
    hold.settle(0)
    return true
  }, 1_000)
}

async function until(isSo: () => Promise<boolean>, limitMs: number): Promise<number> {
  const beganMs = performance.now()
  while (!(await isSo())) {
    if (performance.now() - beganMs > limitMs) throw new Error(`not so within ${limitMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return performance.now() - beganMs
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describeOnEveryServer('limits', (openStore) => {
  it('who has no limits passes without a statement', async () => {
    const { first, admin } = await openWorld(openStore)
    expect(first.take(admin, 1_000_000)).toBeNull()
    const other = principalWith()
    await first.set(admin, keyOf(admin), { ...no, requestsPerMinute: 1 })
    expect(first.take(other, 1)).toBeNull()
  })

  it('refuses what is beyond a limit, says whose and when, and admits again then', async () => {
    const { first, admin } = await openWorld(openStore, { timing: quick })
    await first.set(admin, keyOf(admin), { ...no, requestsPerMinute: 2 })
    await untilKnown(first, admin) // one
    const two = await take(first, admin)
    expect(two).toMatchObject({
      headers: { 'x-ratelimit-limit-requests': '2', 'x-ratelimit-remaining-requests': '0' },
    })
    const three = await take(first, admin)
    expect(three).toMatchObject({
      code: 'limits_exceeded',
      kind: 'exhausted',
      isRetryable: true,
      message: expect.stringMatching(/^This key: the limit of 2 requests a minute is used up/),
      details: { holder_kind: 'key', metric: 'requests', limit: 2 },
      headers: { 'x-ratelimit-remaining-requests': '0', 'retry-after-ms': expect.any(String) },
    })
    const waitMs = Number((three as Refusal).headers?.['retry-after-ms'])
    expect(waitMs).toBeGreaterThan(600)
    expect(waitMs).toBeLessThanOrEqual(1_200)
    expect((three as Refusal).retryAfterSeconds).toBe(Math.ceil(waitMs / 1_000))
    await pause(waitMs + 5)
    expect(await take(first, admin)).toHaveProperty('headers')
  })

  it('returns the tokens that were held and not used, and counts what was used beyond', async () => {
    const { first, second, admin } = await openWorld(openStore, { replicas: 2, timing: quick })
    await first.set(admin, keyOf(admin), { ...no, tokensPerMinute: 1_000 })
    await untilKnown(second, admin)
    const hold = (await take(first, admin, 900)) as LimitHold
    expect(await take(second, admin, 200)).toMatchObject({ code: 'limits_exceeded' })
    hold.settle(100)
    hold.settle(0) // only the first counts
    const again = await until(
      async () => !((await take(second, admin, 700)) instanceof Refusal),
      500,
    )
    expect(again).toBeLessThan(400)
    await pause(1_300)
    const small = (await take(first, admin, 10)) as LimitHold
    small.settle(950)
    await pause(200)
    expect(await take(second, admin, 100)).toMatchObject({ code: 'limits_exceeded' })
  })

  it('a request that was sent to nobody uses up none, nor tokens, nor a place', async () => {
    const { first, admin } = await openWorld(openStore)
    const limits = { requestsPerMinute: 3, tokensPerMinute: 1_000, concurrentRequests: 1 }
    await first.set(admin, keyOf(admin), limits)
    for (let at = 0; at < 8; at += 1) {
      const hold = (await take(first, admin, 900)) as LimitHold
      hold.cancel()
      hold.settle(900) // only the first counts
    }
    for (let at = 0; at < 3; at += 1) ((await take(first, admin, 100)) as LimitHold).settle(100)
    expect(await take(first, admin, 100)).toMatchObject({ details: { metric: 'requests' } })
  })

  it('refuses for good what needs more tokens than a whole minute has', async () => {
    const { first, admin } = await openWorld(openStore)
    await first.set(admin, keyOf(admin), { ...no, tokensPerMinute: 1_000 })
    await untilKnown(first, admin)
    const refused = (await take(first, admin, 1_001)) as Refusal
    expect(refused).toMatchObject({ code: 'limits_request_too_large', isRetryable: false })
    expect(refused.retryAfterSeconds).toBeUndefined()
    expect(refused.message).toContain('reserves 1001 tokens and the limit is 1000 a minute')
  })

  it('bounds what runs at a time, over processes, until it ends or its process dies', async () => {
    const { store, first, second, admin } = await openWorld(openStore, {
      replicas: 2,
      timing: quick,
    })
    await first.set(admin, keyOf(admin), { ...no, concurrentRequests: 2 })
    await untilKnown(second, admin)
    const one = (await take(first, admin)) as LimitHold
    const two = (await take(second, admin)) as LimitHold
    expect(await take(first, admin)).toMatchObject({
      code: 'limits_concurrency_exceeded',
      retryAfterSeconds: 1,
    })
    // Longer than its lease: it is renewed.
    await pause(900)
    expect(await take(second, admin)).toBeInstanceOf(Refusal)
    one.settle(0)
    // A refusal is remembered for some milliseconds.
    await until(async () => {
      const three = await take(second, admin)
      if (!(three instanceof Refusal)) three?.settle(0)
      return !(three instanceof Refusal)
    }, 300)
    two.settle(0)
    // A process that is gone renews nothing: its places are free after their lease.
    const gone = { processId: newId(), sequence: 1, timing: { ...usualTiming, ...quick } }
    const limitId = (await store.pool.query('select id from limits')).rows[0].id
    const ask = {
      limitId,
      metric: 'concurrent',
      leaseId: newId(),
      least: 2,
      most: 2,
      extra: 0,
      held: 0,
    } as const
    await until(async () => {
      const [grant] = await takeLeases(store.pool, gone, { asks: [ask], reports: [] })
      return grant?.granted === 2
    }, 1_500)
    expect(await take(second, admin)).toBeInstanceOf(Refusal)
    await pause(650)
    expect(await take(first, admin)).not.toBeInstanceOf(Refusal)
  })

  it('takes of all holders or of none', async () => {
    const { first, admin } = await openWorld(openStore, { timing: quick })
    const organisation: Holder = { kind: 'organisation', id: admin.organisationId }
    await first.set(admin, organisation, { ...no, requestsPerMinute: 10 })
    await first.set(admin, keyOf(admin), { ...no, requestsPerMinute: 1, concurrentRequests: 5 })
    await until(async () => (await first.listOwn(admin)).length === 2, 500)
    await pause(50)
    expect(await take(first, admin)).toHaveProperty('headers.x-ratelimit-limit-requests', '1')
    for (let more = 0; more < 20; more += 1)
      expect(await take(first, admin)).toMatchObject({ code: 'limits_exceeded' })
    const other = { ...admin, keyId: newId<'key'>() }
    for (let one = 0; one < 9; one += 1) expect(await take(first, other)).toHaveProperty('headers')
    expect(await take(first, other)).toMatchObject({ details: { holder_kind: 'organisation' } })
  })

  it('a changed limit holds in every process within a second, and a removed one ends', async () => {
    const { first, second, admin } = await openWorld(openStore, { replicas: 2 })
    await first.set(admin, keyOf(admin), { ...no, requestsPerMinute: 1_000 })
    await untilKnown(second, admin)
    for (let one = 0; one < 50; one += 1) await take(second, admin)
    await first.set(admin, keyOf(admin), { ...no, requestsPerMinute: 20 })
    expect(
      await until(async () => (await take(second, admin)) instanceof Refusal, 1_000),
    ).toBeLessThan(1_000)
    await first.set(admin, keyOf(admin), { ...no, requestsPerMinute: 2_000 })
    expect(
      await until(async () => !((await take(second, admin)) instanceof Refusal), 1_000),
    ).toBeLessThan(1_000)
    await first.remove(admin, keyOf(admin))
    expect(await until(async () => (await take(second, admin)) === null, 1_000)).toBeLessThan(1_000)
  })

  it('a clock of the database that was set back refuses nobody for longer than a window', async () => {
    const { store, first, admin } = await openWorld(openStore, { timing: quick })
    await first.set(admin, keyOf(admin), { ...no, requestsPerMinute: 1 })
    await untilKnown(first, admin)
    await pause(300)
    // As if it had been granted by a clock an hour ahead.
    await store.pool.query(`update limit_leases set granted_at = granted_at + interval '1 hour',
      open_until = open_until + interval '1 hour', counts_until = counts_until + interval '1 hour'`)
    expect(await take(first, admin)).toBeInstanceOf(Refusal)
    expect(
      await until(async () => !((await take(first, admin)) instanceof Refusal), 2_000),
    ).toBeLessThan(1_400)
  })

  it('goes on by what is leased while the database is away, and admits nothing uncounted', async () => {
    const { store, admin } = await openWorld(openStore)
    let isAway = false
    const pool = Object.assign(Object.create(store.pool), {
      query: (...args: never[]) =>
        isAway
          ? Promise.reject(new Error('away'))
          : (store.pool.query as (...all: never[]) => unknown)(...args),
    })
    const timing = { openMs: 400 }
    const service = await addReplica({ ...store, pool }, timing)
    await service.set(admin, keyOf(admin), { ...no, requestsPerMinute: 10_000 })
    await untilKnown(service, admin)
    for (let one = 0; one < 40; one += 1) {
      await take(service, admin)
      await pause(10)
    }
    isAway = true
    expect(service.take(admin, 0)).not.toBeInstanceOf(Promise)
    await pause(450)
    expect(await take(service, admin)).toMatchObject({
      code: 'limits_unavailable',
      kind: 'unavailable',
      isRetryable: true,
      retryAfterSeconds: 2,
    })
    isAway = false
    await until(async () => !((await take(service, admin)) instanceof Refusal), 1_000)
  })

  it('a steady caller costs about a statement a second, and waits for none of them', async () => {
    const { store, admin } = await openWorld(openStore)
    let statements = 0
    const pool = Object.assign(Object.create(store.pool), {
      query: (...args: never[]) => {
        statements += 1
        return (store.pool.query as (...all: never[]) => unknown)(...args)
      },
    })
    const service = await addReplica({ ...store, pool }, {})
    await service.set(admin, keyOf(admin), {
      ...no,
      requestsPerMinute: 60_000,
      tokensPerMinute: 10_000_000,
    })
    await untilKnown(service, admin)
    let waited = 0
    const beganMs = performance.now()
    while (performance.now() - beganMs < 5_000) {
      if (performance.now() - beganMs < 1_000) statements = 0 // it has to find its pace
      const hold = service.take(admin, 300)
      if (hold instanceof Promise && statements > 0) waited += 1
      const held = await hold
      setTimeout(() => held?.settle(100), 50)
      await pause(5)
    }
    // On a busy machine bursts come in between; what is steady costs 5 in these four seconds.
    expect(statements).toBeGreaterThan(2)
    expect(statements).toBeLessThan(16)
    expect(waited).toBeLessThan(6)
  })

  it('shows what counts, and leaves nothing counted that was not used', async () => {
    const { first, second, admin } = await openWorld(openStore, { replicas: 2 })
    await first.set(admin, keyOf(admin), {
      requestsPerMinute: 1_000,
      tokensPerMinute: 100_000,
      concurrentRequests: 50,
    })
    await untilKnown(second, admin)
    const holds: (LimitHold | Refusal | null)[] = []
    for (let one = 0; one < 40; one += 1)
      holds.push(await take(one % 2 === 0 ? first : second, admin, 100))
    for (const hold of holds) (hold as LimitHold).settle(30)
    await first.close()
    await second.close()
    const { items } = await first.list(admin, whole)
    const [shown] = items
    expect(shown?.use).toEqual({ requests: 41, tokens: 40 * 30, concurrent: 0 })
  })

  it('lets admins set what is theirs, and owners of the house what organisations may use', async () => {
    const { store, first: all, admin: houseOwner } = await openWorld(openStore)
    const here = principalWith({ role: 'owner' })
    const own = { kind: 'key', id: here.keyId ?? newId() } as Holder
    const strong = { kind: 'person', id: newId() } as Holder
    const service = await addReplica(store, {}, async (_, holder) =>
      holder.id === own.id ? 'allowed' : holder.id === strong.id ? 'role-too-weak' : 'unknown',
    )
    const limits = { ...no, requestsPerMinute: 5 }
    await service.set(here, own, limits)
    const strange = { kind: 'key', id: newId() } as Holder
    await expect(service.set(here, strange, limits)).rejects.toMatchObject({
      code: 'limits_holder_unknown',
    })
    const tooWeak = { code: 'limits_role_too_weak' }
    await expect(service.set(here, strong, limits)).rejects.toMatchObject(tooWeak)
    await expect(service.remove(here, strong)).rejects.toMatchObject(tooWeak)
    const organisation = { kind: 'organisation', id: here.organisationId } as Holder
    await expect(all.set(here, organisation, limits)).rejects.toMatchObject({
      code: 'limits_owner_only',
    })
    const elsewhere = { kind: 'organisation', id: newId() } as Holder
    await expect(all.set(here, elsewhere, limits)).rejects.toMatchObject({
      code: 'limits_holder_unknown',
    })
    await all.set(houseOwner, organisation, limits)
    expect((await all.list(houseOwner, whole)).items.map(({ holder }) => holder)).toEqual([
      organisation,
    ])
    expect((await all.list(here, whole)).items.map(({ holder }) => holder.kind).sort()).toEqual([
      'key',
      'organisation',
    ])
    const colleague = { ...here, keyId: newId<'key'>(), personId: newId<'person'>() }
    expect((await all.listOwn(colleague)).map(({ holder }) => holder)).toEqual([organisation])
    // What one organisation set, another neither sees nor removes.
    await expect(all.remove(houseOwner, own)).rejects.toMatchObject({ code: 'limits_not_found' })
    await service.remove(here, own)
    await expect(service.remove(here, own)).rejects.toMatchObject({ code: 'limits_not_found' })
  })

  it('a person’s limits in one organisation do not bind them in another', async () => {
    const { first, admin } = await openWorld(openStore)
    const person = { kind: 'person', id: admin.personId ?? newId() } as Holder
    await first.set(admin, person, { ...no, requestsPerMinute: 1 })
    const elsewhere = { ...admin, organisationId: newId<'organisation'>() }
    expect(first.take(elsewhere, 0)).toBeNull()
    await first.set(elsewhere, person, { ...no, requestsPerMinute: 7 })
    expect(await take(first, admin)).toHaveProperty('headers.x-ratelimit-limit-requests', '1')
    expect(await take(first, elsewhere)).toHaveProperty('headers.x-ratelimit-limit-requests', '7')
  })

  it('lists limits page by page, each once, with what counts of them', async () => {
    const { first, admin } = await openWorld(openStore)
    const set: string[] = []
    for (let one = 0; one < 7; one += 1) {
      const key = { kind: 'key', id: newId() } as Holder
      set.push((await first.set(admin, key, { ...no, requestsPerMinute: one + 1 })).id)
    }
    const pages: string[][] = []
    let cursor: string | null = null
    do {
      const page = await first.list(admin, { cursor, limit: 3 })
      pages.push(page.items.map(({ id }) => id))
      cursor = page.nextCursor
    } while (cursor !== null)
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 1])
    expect(pages.flat()).toEqual(set.toSorted())
  })

  it('takes whatever a provider says was used: the place is free, and others are admitted', async () => {
    const { first, admin } = await openWorld(openStore)
    const limits = { ...no, tokensPerMinute: 1_000_000, concurrentRequests: 1 }
    await first.set(admin, keyOf(admin), limits)
    const other = { ...admin, keyId: newId<'key'>() }
    await first.set(admin, keyOf(other), { ...no, requestsPerMinute: 100 })
    for (const claim of [2 ** 53 + 4, 1e300, Number.NaN, -1, Infinity, 0.5]) {
      const caller = { ...admin, keyId: newId<'key'>() }
      await first.set(admin, keyOf(caller), limits)
      const hold = (await take(first, caller, 10)) as LimitHold
      hold.settle(claim)
      expect(await take(first, caller, 0)).toHaveProperty('headers')
      expect(await take(first, other, 1)).toHaveProperty('headers')
    }
  })

  it('cleans up what lapsed', async () => {
    const { store, first, admin } = await openWorld(openStore)
    await first.set(admin, keyOf(admin), { ...no, requestsPerMinute: 5 })
    await untilKnown(first, admin)
    await store.pool.query("update limit_leases set counts_until = now() - interval '2 minutes'")
    await deleteLapsed(store.pool)
    expect((await store.pool.query('select * from limit_leases')).rowCount).toBe(0)
  })
})
