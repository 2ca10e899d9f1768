import { rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Market, type Place, startMarket } from '../support/market.ts'
import { maySkip } from '../support/may-skip.ts'
import {
  hasDebian15,
  makeServerFolder,
  openTestServer,
  type TestServer,
} from '../support/postgres.ts'
import { openScriptedUpstream, type ScriptedUpstream } from '../upstream/scripted-upstream.ts'
import { addUpstream, call } from './support/call.ts'
import {
  binariesWithClock,
  hasSettableClock,
  openSettableClock,
  type SettableClock,
} from './support/clock.ts'
import { closePools, expectExactBooks, type Load, openLoad, readUsage } from './support/load.ts'

const HOUR_S = 3_600
/** What the database takes the time to be. */
async function databaseMs(connection: pg.ClientConfig): Promise<number> {
  const client = new pg.Client(connection)
  await client.connect()
  const { rows } = await client.query<{ now: Date }>('select clock_timestamp() as now')
  await client.end()
  return rows[0]?.now.getTime() ?? Number.NaN
}

const isMissing = !hasSettableClock || !hasDebian15

describe.skipIf(maySkip(isMissing))('a clock that is set', () => {
  let clock: SettableClock
  let upstream: ScriptedUpstream
  let market: Market
  let load: Load

  beforeEach(async () => {
    clock = openSettableClock()
    upstream = await openScriptedUpstream()
  })
  afterEach(async () => {
    await load?.stop()
    await closePools()
    await market?.stop()
    await upstream.close()
    clock.remove()
  })

  async function startUnderLoad(options: Parameters<typeof startMarket>[0]): Promise<void> {
    market = await startMarket(options)
    await addUpstream(market, upstream)
    await setRoomyLimits()
    load = openLoad({ market: () => market, clients: 8, models: ['acme/normal'] })
    await expect.poll(() => load.good().length, { timeout: 10_000 }).toBeGreaterThan(50)
  }

  /** Limits that nobody reaches: their minutes must not be those of a clock that is set. */
  async function setRoomyLimits(): Promise<void> {
    const me = (await (await call(market, '/api/me')).json()) as { organisation: { id: string } }
    const path = `/api/limits/organisation/${me.organisation.id}`
    const limits = { requests_per_minute: 100_000, concurrent_requests: 64 }
    expect((await call(market, path, limits, 'PUT')).status).toBe(200)
  }

  /** Sets the clock an hour back, an hour ahead, and right again, and lets the load go on. */
  async function setBackAndForth(between: (offsetSeconds: number) => Promise<void>): Promise<void> {
    for (const offsetSeconds of [-HOUR_S, HOUR_S, 0]) {
      clock.set(offsetSeconds)
      const before = load.good().length
      await between(offsetSeconds)
      await pause(1_500)
      const goesOn = () => load.good().length - before
      await expect.poll(goesOn, { message: `at ${offsetSeconds} s` }).toBeGreaterThan(50)
    }
    await load.stop()
    // Nobody was locked out, not for a moment.
    expect(load.asked.filter(({ status, isWhole }) => status !== 200 || !isWhole)).toEqual([])
  }

  test('of the process: nothing is lost, and a key ends when the clock says so', async () => {
    const words = Object.entries(clock.environment).map(([name, value]) => `${name}=${value}`)
    const place: Place = { wrap: (command) => ['env', ...words, ...command], seen: (path) => path }
    await startUnderLoad({ place })
    const inHalfAnHour = new Date(Date.now() + (HOUR_S / 2) * 1_000).toISOString()
    const made = await call(market, '/api/keys', { name: 'short', expires_at: inHalfAnHour })
    const { key } = (await made.json()) as { key: string }
    const status = async (): Promise<number> => {
      const headers = { authorization: `Bearer ${key}` }
      return (await fetch(`${market.url}/v1/models`, { headers })).status
    }
    await setBackAndForth(async (offsetSeconds) => {
      const expected = offsetSeconds === HOUR_S ? 401 : 200
      // What was refused is remembered for five seconds.
      await expect.poll(status, { timeout: 7_000, interval: 100 }).toBe(expected)
    })
    const recorded = await readUsage(market)
    expectExactBooks(recorded, load.asked, upstream)
    const ids = recorded.map(({ id }) => id)
    expect(ids).toEqual([...ids].sort().reverse())
  }, 60_000)

  test('of the database: nothing is lost, and nobody is locked out', async () => {
    const folder = makeServerFolder()
    let server: TestServer | undefined
    try {
      server = await openTestServer(binariesWithClock(clock, folder), folder)
      const host = encodeURIComponent(server.host)
      await startUnderLoad({ env: { DATABASE_URL: `postgres://baimo@/postgres?host=${host}` } })
      const connection = { host: server.host, user: 'baimo', database: 'postgres' }
      await setBackAndForth(async (offsetSeconds) => {
        expect(
          Math.abs((await databaseMs(connection)) - Date.now() - offsetSeconds * 1_000),
        ).toBeLessThan(5_000)
        // Changes reach everybody as ever: keys are made, used, and refused once revoked.
        const made = await call(market, '/api/keys', { name: 'one' })
        const { id, key } = (await made.json()) as { id: string; key: string }
        const headers = { authorization: `Bearer ${key}` }
        const use = async () => (await fetch(`${market.url}/v1/models`, { headers })).status
        expect(await use()).toBe(200)
        await call(market, `/api/keys/${id}`, undefined, 'DELETE')
        expect(await use()).toBe(401)
      })
      expectExactBooks(await readUsage(market), load.asked, upstream)
      await market.stop()
    } finally {
      await server?.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  }, 60_000)
})
