// What limits cost a request, and whether they hold over several processes.
//   npm run -s bench -- limits [--json]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { newId, silentLog, systemClock } from '../src/kernel/index.ts'
import { type LimitHold, openLimits } from '../src/limits/index.ts'
import { openHome, openStore, type Store } from '../src/store/index.ts'
import {
  finish,
  letTake,
  mostInWindow,
  mostLeft,
  startReplicas,
  type TakeOrder,
} from '../tests/support/limits.ts'
import { principalWith } from '../tests/support/principal.ts'
import { median, printReport, type Row } from './support/report.ts'

const REQUESTS = 200_000
const ROUNDS = 5
/** A minute of two seconds. */
const quick = { windowMs: 2_000, openMs: 200, reportMs: 100 }

const folder = mkdtempSync(join(tmpdir(), 'baimo-bench-'))
const home = openHome(folder)
const store = await openStore({ home, databaseUrl: null, log: silentLog, onProgress: () => {} })
try {
  const rows = [...(await measureCost(store)), ...(await measureSteady(store))]
  for (const count of [2, 4]) rows.push(...(await measureReplicas(store, count)))
  printReport('limits', rows)
} finally {
  await store.close()
  home.close()
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
}

/** The pool of a store, counting what is sent. */
function counting(store: Store): { store: Store; sent: () => number } {
  let sent = 0
  const query = store.pool.query.bind(store.pool) as (...args: unknown[]) => unknown
  const pool = Object.assign(Object.create(store.pool) as Store['pool'], {
    query: (...args: unknown[]) => {
      sent += 1
      return query(...args)
    },
  })
  return { store: Object.assign(Object.create(store) as Store, { pool }), sent: () => sent }
}

async function openLimited(store: Store) {
  const caller = principalWith({ role: 'owner', isHouse: true })
  const limits = await openLimits({
    store,
    clock: systemClock,
    log: silentLog,
    mayLimit: async () => 'allowed',
  })
  const all = {
    requestsPerMinute: 1_000_000_000,
    tokensPerMinute: 1_000_000_000_000,
    concurrentRequests: 10_000,
  }
  await limits.set(caller, { kind: 'key', id: caller.keyId ?? newId() }, all)
  await limits.set(caller, { kind: 'organisation', id: caller.organisationId }, all)
  return { limits, caller }
}

/** Microseconds of taking and settling where what is leased is enough. */
async function measureCost(store: Store): Promise<Row[]> {
  const { limits, caller } = await openLimited(store)
  const stranger = principalWith()
  const without: number[] = []
  const within: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const beganMs = performance.now()
    for (let one = 0; one < REQUESTS; one += 1) limits.take(stranger, 500)
    without.push(((performance.now() - beganMs) * 1_000) / REQUESTS)
    within.push(await timeTaking(limits, caller))
  }
  await limits.close()
  return [
    { what: 'a caller without limits', value: median(without), unit: 'µs', goal: 0.5 },
    {
      what: 'key and organisation, all metrics: take, headers, settle',
      value: median(within),
      unit: 'µs',
      goal: 10,
    },
  ]
}

type Limited = Awaited<ReturnType<typeof openLimited>>

/** Of requests that come as fast as they can, in hundreds, the median of those that do not wait. */
async function timeTaking(limits: Limited['limits'], caller: Limited['caller']): Promise<number> {
  const times: number[] = []
  const endMs = performance.now() + 1_500
  while (performance.now() < endMs) {
    const beganMs = performance.now()
    let taken = 0
    for (; taken < 100; taken += 1) {
      const hold: ReturnType<typeof limits.take> = limits.take(caller, 500)
      if (hold instanceof Promise) {
        finishOne(await hold)
        break
      }
      finishOne(hold)
    }
    if (taken === 100) times.push(((performance.now() - beganMs) * 1_000) / taken)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return median(times)
}

function finishOne(hold: LimitHold | null): void {
  if (hold?.headers['x-ratelimit-limit-requests'] === undefined) throw new Error('not limited')
  hold.settle(300)
}

/** What a steady caller costs: 500 requests a second, each running for 50 ms. */
async function measureSteady(plain: Store): Promise<Row[]> {
  const { store, sent } = counting(plain)
  const { limits, caller } = await openLimited(store)
  let [requests, waited, before] = [0, 0, 0]
  const go = async (spanMs: number): Promise<void> => {
    const beganMs = performance.now()
    ;[requests, waited, before] = [0, 0, sent()]
    for (let elapsedMs = 0; elapsedMs < spanMs; elapsedMs = performance.now() - beganMs) {
      for (; requests < elapsedMs / 2; requests += 1) {
        const taken = limits.take(caller, 500)
        if (taken instanceof Promise) waited += 1
        const hold = await taken
        setTimeout(() => hold?.settle(300), 50)
      }
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
  await go(2_000) // it has to find its pace
  await go(7_000)
  const statements = sent() - before
  await limits.close()
  return [
    {
      what: 'statements per 1,000 requests, steady 500 a second',
      value: (statements * 1_000) / requests,
      unit: '',
      goal: 10,
    },
    { what: 'statements a second', value: statements / 7, unit: '', goal: 5 },
    {
      what: 'requests that waited for one',
      value: (waited * 100) / requests,
      unit: '%',
      goal: 0.5,
    },
  ]
}

/** Processes of 500 concurrent requests each against one limit, for several windows. */
async function measureReplicas(store: Store, count: number): Promise<Row[]> {
  const limit = 1_000
  const organisationId = newId<'organisation'>()
  const admin = principalWith({ role: 'owner', isHouse: true, organisationId })
  const limits = await openLimits({
    store,
    clock: systemClock,
    log: silentLog,
    mayLimit: async () => 'allowed',
  })
  const none = { tokensPerMinute: null, concurrentRequests: null }
  const holder = { kind: 'organisation', id: organisationId } as const
  await limits.set(admin, holder, { requestsPerMinute: limit, ...none })
  await limits.close()
  const url = databaseUrlOf(store)
  const order: Omit<TakeOrder, 'seed'> = {
    url,
    caller: { keyId: null, personId: null, teamId: null, organisationId },
    concurrency: 500,
    totalMs: 4_500,
    tokensBelow: 0,
    runBelowMs: 20,
    pauseMs: 20,
    timing: quick,
  }
  const replicas = await startReplicas(
    Array.from({ length: count }, (_, at) => ({ ...order, seed: at + 1 })),
  )
  await letTake(replicas)
  const { taken, statements } = await finish(replicas)
  const all = taken.flat()
  const amounts = all
    .filter(({ isAdmitted }) => isAdmitted)
    .map(({ atMs }) => ({ atMs, amount: 1 }))
    .toSorted((one, other) => one.atMs - other.atMs)
  const span = quick.windowMs + quick.openMs
  const timesMs = all.filter(({ isAdmitted }) => !isAdmitted).map(({ atMs }) => atMs)
  const left = mostLeft(limit, { amounts, timesMs, windowMs: span })
  const most = mostInWindow(amounts, quick.windowMs)
  const sum = statements.reduce((total, one) => total + one, 0)
  const name = `${count} × 500`
  return [
    {
      what: `${name}: most over the limit in any window`,
      value: Math.max(0, most - limit),
      unit: '',
      goal: 0,
    },
    { what: `${name}: unused in the fullest window`, value: limit - most, unit: '', goal: count },
    { what: `${name}: most left at a refusal`, value: left, unit: '', goal: count },
    {
      what: `${name}: statements per 1,000 requests`,
      value: (sum * 1_000) / all.length,
      unit: '',
      goal: 20,
    },
  ]
}

function databaseUrlOf(store: Store): string {
  const { host, port, user, database } = new pg.Client(store.pool.options)
  return `postgres://${user}@/${database}?host=${encodeURIComponent(host)}&port=${port}`
}
