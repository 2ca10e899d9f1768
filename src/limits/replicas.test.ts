import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { createTestDatabase, useTestServer } from '../../tests/support/database.ts'
import {
  finish,
  inWindow,
  letTake,
  mostInWindow,
  startReplicas,
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

const timeless = { timeout: 60_000 }

function testReplicas(host: () => string | undefined): void {
  it.each([2, 4])(
    '%i × 500 at once: requests never over, none refused that had room',
    timeless,
    async (count) => {
      const limit = 1_000
      const world = await openWorld(host(), { requests: limit })
      const { admitted, refused, statements } = await run(world, count)
      const amounts = admitted
        .map(({ atMs }) => ({ atMs, amount: 1 }))
        .toSorted((one, other) => one.atMs - other.atMs)
      expect(mostInWindow(amounts, timing.windowMs)).toBeLessThanOrEqual(limit)
      expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['limits_exceeded']))
      // A slice counts for as long as its last request does, so one second of use lapses together.
      const lefts = refused.map(
        ({ atMs }) => limit - inWindow(amounts, atMs, timing.windowMs + timing.openMs + 50),
      )
      console.log(
        count,
        'admitted',
        admitted.length,
        'refused',
        refused.length,
        'statements',
        statements,
        'left at most',
        lefts.reduce((a, b) => Math.max(a, b), 0),
      )
      await world.client.end()
    },
  )
}

describe('limits over several processes (embedded PostgreSQL)', () => {
  testReplicas(() => undefined)
})

describe.skipIf(!hasDebian15)('limits over several processes (PostgreSQL 15)', () => {
  const server = useTestServer('debian15')
  testReplicas(() => server().host)
})
