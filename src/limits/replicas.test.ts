import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { createTestDatabase, useTestServer } from '../../tests/support/database.ts'
import {
  finish,
  inWindow,
  letTake,
  mostInWindow,
  mostLeft,
  startReplicas,
  type Taken,
  type TakeOrder,
} from '../../tests/support/limits.ts'
import { hasDebian15 } from '../../tests/support/postgres.ts'
import { newId } from '../kernel/index.ts'

/** A minute of two seconds, and everything else as much shorter. */
const timing = {
  windowMs: 2_000,
  openMs: 200,
  reportMs: 100,
  placeLeaseMs: 1_500,
  placeRenewMs: 500,
}

async function openWorld(
  host: string | undefined,
  limits: { requests?: number; tokens?: number; concurrent?: number },
) {
  const url = await createTestDatabase(host === undefined ? {} : { host })
  const client = new pg.Client(url)
  client.on('error', () => {}) // the server of a run ends before it
  await client.connect()
  await client.query('set search_path to baimo')
  const organisationId = newId<'organisation'>()
  await client.query(`insert into limits values ($1, 'organisation', $2, $2, $3, $4, $5, now())`, [
    newId(),
    organisationId,
    limits.requests ?? null,
    limits.tokens ?? null,
    limits.concurrent ?? null,
  ])
  const order: Omit<TakeOrder, 'seed'> = {
    url,
    caller: { keyId: null, personId: null, teamId: null, organisationId },
    concurrency: 500,
    totalMs: 5_000,
    tokensBelow: 0,
    runBelowMs: 20,
    pauseMs: 20,
    timing,
  }
  return { client, order, organisationId }
}

type World = Awaited<ReturnType<typeof openWorld>>

async function run(world: World, replicaCount: number, changes: Partial<TakeOrder> = {}) {
  const orders = Array.from({ length: replicaCount }, (_, at) => ({
    ...world.order,
    ...changes,
    seed: at + 1,
  }))
  const replicas = await startReplicas(orders)
  await letTake(replicas)
  const { taken, statements } = await finish(replicas)
  const all = taken.flat()
  return {
    all,
    admitted: all.filter(({ isAdmitted }) => isAdmitted),
    refused: all.filter(({ isAdmitted }) => !isAdmitted),
    statements,
  }
}

/** What counts in the database, when all have ended. */
async function counted({ client }: World, metric: string): Promise<number> {
  const { rows } = await client.query(
    `select coalesce(sum(amount), 0)::int as amount from limit_leases
      where metric = $1 and counts_until > clock_timestamp()`,
    [metric],
  )
  return rows[0].amount
}

function amountsOf(admitted: readonly Taken[]) {
  return admitted
    .map(({ atMs }) => ({ atMs, amount: 1 }))
    .toSorted((one, other) => one.atMs - other.atMs)
}

/** The most that ran at the same time. */
function mostAtOnce(admitted: readonly Taken[]): number {
  const changes = admitted.flatMap(({ atMs, endedMs }) => [
    { atMs, amount: 1 },
    { atMs: endedMs, amount: -1 },
  ])
  let [now, most] = [0, 0]
  for (const { amount } of changes.toSorted((a, b) => a.atMs - b.atMs || a.amount - b.amount)) {
    now += amount
    most = Math.max(most, now)
  }
  return most
}

function testReplicas(host: () => string | undefined): void {
  it.each([2, 4])(
    '%i × 500 requests at once: never over, none refused that had room',
    async (count) => {
      const limit = 1_000
      const world = await openWorld(host(), { requests: limit })
      const { admitted, refused, all, statements } = await run(world, count, { totalMs: 4_500 })
      const amounts = amountsOf(admitted)
      expect(mostInWindow(amounts, timing.windowMs)).toBe(limit)
      expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['limits_exceeded']))
      // A lease counts until a window after its last request: what came a lease's time before, too.
      const span = timing.windowMs + timing.openMs
      const timesMs = refused.map(({ atMs }) => atMs)
      expect(mostLeft(limit, { amounts, timesMs, windowMs: span })).toBeLessThanOrEqual(count)
      const statementCount = statements.reduce((sum, one) => sum + one, 0)
      expect(statementCount).toBeLessThan(all.length / 20)
      // Nothing is stranded: what counts is what was used.
      const endMs = Number(process.hrtime.bigint()) / 1e6
      expect(await counted(world, 'requests')).toBeLessThanOrEqual(
        inWindow(amounts, endMs, span + 500),
      )
      await world.client.end()
    },
    60_000,
  )

  it('keeps to tokens and to requests at a time as well, all at once, and to the last place', async () => {
    const world = await openWorld(host(), { requests: 2_000, tokens: 60_000, concurrent: 60 })
    const { admitted, refused } = await run(world, 3, {
      concurrency: 100,
      tokensBelow: 200,
      totalMs: 4_500,
    })
    const amounts = amountsOf(admitted)
    expect(mostInWindow(amounts, timing.windowMs)).toBeLessThanOrEqual(2_000)
    const consumed = admitted.map(({ atMs, consumed: amount }) => ({ atMs, amount }))
    expect(mostInWindow(consumed, timing.windowMs)).toBeLessThanOrEqual(60_000)
    const most = mostAtOnce(admitted)
    expect(most).toBeLessThanOrEqual(60)
    expect(most).toBeGreaterThan(50)
    const codes = new Set(refused.map(({ code }) => code))
    expect([...codes].every((code) => /^limits_(concurrency_)?exceeded$/.test(code))).toBe(true)
    expect(await counted(world, 'concurrent')).toBe(0)
    await world.client.end()
  }, 60_000)

  it('keeps to requests at a time that run for longer than their lease counts', async () => {
    const world = await openWorld(host(), { requests: 100_000, concurrent: 40 })
    const { admitted, refused } = await run(world, 3, {
      concurrency: 40,
      runBelowMs: 2 * timing.placeLeaseMs,
      totalMs: 4_500,
      pauseMs: 50,
    })
    expect(admitted.some(({ atMs, endedMs }) => endedMs - atMs > 1.5 * timing.placeLeaseMs)).toBe(
      true,
    )
    expect(mostAtOnce(admitted)).toBe(40)
    expect(new Set(refused.map(({ code }) => code))).toEqual(
      new Set(['limits_concurrency_exceeded']),
    )
    expect(await counted(world, 'concurrent')).toBe(0)
    await world.client.end()
  }, 60_000)
}

function testKill(host: () => string | undefined): void {
  it('a killed process strands nothing: what it had leased is there again after its time', async () => {
    const world = await openWorld(host(), { requests: 400, concurrent: 50 })
    const orders = [1, 2].map((seed) => ({
      ...world.order,
      seed,
      concurrency: 30,
      totalMs: 60_000,
    }))
    const replicas = await startReplicas(orders)
    for (const { child } of replicas) child.send('go')
    await new Promise((resolve) => setTimeout(resolve, 700))
    for (const { child } of replicas) child.kill('SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, timing.windowMs + timing.openMs + 300))
    expect(await counted(world, 'requests')).toBe(0)
    expect(await counted(world, 'concurrent')).toBe(0)
    const { admitted } = await run(world, 1, { concurrency: 30, totalMs: 1_000, pauseMs: 5 })
    expect(admitted.length).toBe(400)
    await world.client.end()
  }, 60_000)
}

describe('limits over several processes (embedded PostgreSQL)', () => {
  testReplicas(() => undefined)
  testKill(() => undefined)
})

describe.skipIf(!hasDebian15)('limits over several processes (PostgreSQL 15)', () => {
  const server = useTestServer('debian15')
  testReplicas(() => server().host)
})
