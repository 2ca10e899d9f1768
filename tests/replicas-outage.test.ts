import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addUpstream, call } from './faults/support/call.ts'
import {
  askOnce,
  closePools,
  expectExactBooks,
  type Load,
  openLoad,
  readUsage,
} from './faults/support/load.ts'
import { createTestDatabase } from './support/database.ts'
import { type DatabaseProxy, openDatabaseProxy } from './support/database-proxy.ts'
import { makeQuickFolder } from './support/folders.ts'
import { type Market, startMarket, startRefusedMarket } from './support/market.ts'
import { maySkip } from './support/may-skip.ts'
import {
  hasDebian15,
  makeServerFolder,
  openTestServer,
  readPostmaster,
  signalServer,
  type TestServer,
} from './support/postgres.ts'
import { openScriptedUpstream, type ScriptedUpstream } from './upstream/scripted-upstream.ts'

const QUICK = 'acme/normal'
/** A stream of four seconds. */
const LONG = 'acme/normal?pieces=20&gap_ms=200'

let folder: string
let home: string
let server: TestServer
let proxy: DatabaseProxy
let upstream: ScriptedUpstream
let market: Market
let env: Record<string, string>
let load: Load | null
/** The listing of `LONG`: its name is no name of a model. */
let longId: string

beforeAll(async () => {
  if (!hasDebian15) return
  folder = makeServerFolder()
  server = await openTestServer('debian15', folder)
}, 60_000)
afterAll(async () => {
  await closePools()
  await server?.stop()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
}, 60_000)

beforeEach(async () => {
  home = makeQuickFolder('baimo-outage-')
  const direct = await createTestDatabase({ host: server.host })
  proxy = await openDatabaseProxy(server.host)
  env = { DATABASE_URL: proxy.url(/\/(test_\w+)/.exec(direct)?.[1] ?? '') }
  const data = [QUICK, LONG].map((id) => ({ id }))
  upstream = await openScriptedUpstream({ modelList: { data } })
  market = await startMarket({ home, env })
  await addUpstream(market, upstream, [QUICK, LONG])
  const listings = (await (await call(market, '/api/listings')).json()) as {
    data: { id: string; upstream_model: string }[]
  }
  longId = listings.data.find(({ upstream_model: name }) => name === LONG)?.id ?? ''
  load = null
}, 60_000)
afterEach(async () => {
  await load?.stop()
  await market.stop()
  await proxy.close()
  await upstream.close()
  rmSync(home, { recursive: true, force: true, maxRetries: 20 })
}, 60_000)

const ask = (model = QUICK, isStream = false) => askOnce(market, { model, isStream })

async function underLoad(): Promise<Load> {
  const asking = openLoad({ market: () => market, clients: 8, models: [QUICK] })
  load = asking
  await expect.poll(() => asking.good().length, { timeout: 10_000 }).toBeGreaterThan(50)
  return asking
}

/** What a caller is told, and after how long. */
async function refusal(path: string) {
  const beganMs = performance.now()
  const answer = await call(market, path)
  await answer.arrayBuffer()
  return {
    status: answer.status,
    retryAfter: answer.headers.get('retry-after'),
    tookMs: performance.now() - beganMs,
  }
}

async function untilWell(limitMs: number): Promise<void> {
  const isWell = async () => [(await refusal('/api/usage')).status, (await ask()).status]
  await expect.poll(isWell, { timeout: limitMs, interval: 100 }).toEqual([200, 200])
}

describe.skipIf(maySkip(!hasDebian15))('while a database of one’s own', () => {
  test.each([
    { what: 'refuses', cut: () => proxy.set('refuse'), mend: () => proxy.set('pass') },
    { what: 'is cut off', cut: () => proxy.set('black-hole'), mend: () => proxy.set('pass') },
    {
      what: 'is frozen',
      cut: () => signalServer(join(folder, 'pg'), 'SIGSTOP'),
      mend: () => signalServer(join(folder, 'pg'), 'SIGCONT'),
    },
  ])(
    '$what, requests get 503 in bounded time, a stream goes on to an error, and books stay exact',
    async ({ cut, mend }) => {
      const asking = await underLoad()
      const stream = ask(longId, true)
      await pause(500)
      cut()
      const cutMs = performance.now()
      try {
        for (let count = 0; count < 5; count++) {
          const { status, retryAfter, tookMs } = await refusal('/api/usage')
          expect(status).toBe(503)
          expect(Number(retryAfter)).toBeGreaterThan(0)
          expect(tookMs).toBeLessThan(6_000)
        }
        const whileOut = await refusal('/api/keys')
        expect(whileOut.status).toBe(503)
        expect(whileOut.tookMs).toBeLessThan(1_500)
        expect((await refusal('/readyz')).status).toBe(503)
        expect((await refusal('/healthz')).status).toBe(200)
        const broken = await stream
        // All pieces of 4 s, then 5 s of waiting for the commit; then an error, and no [DONE].
        expect(broken.status).toBe(200)
        expect(broken.isWhole).toBe(false)
        expect(broken.text).toContain('metering_unavailable')
        expect(broken.text).not.toContain('[DONE]')
        expect(broken.endedMs - cutMs).toBeGreaterThan(7_000)
        expect(broken.endedMs - cutMs).toBeLessThan(12_000)
      } finally {
        mend()
      }
      await untilWell(8_000)
      await asking.stop()
      const during = asking.since(cutMs).filter(({ status }) => status !== 200)
      expect(during.filter(({ status }) => status !== 503)).toEqual([])
      const others = [await stream, ...asking.asked]
      await expect
        .poll(async () => (await readUsage(market)).some(({ id }) => id === others[0]?.id))
        .toBe(true)
      // `untilWell` asked too: those are the only ones that the load did not.
      const known = new Set(others.map(({ id }) => id))
      const recorded = (await readUsage(market)).filter(({ id }) => known.has(id))
      expectExactBooks(recorded, others)
      expect((await readUsage(market)).length).toBeLessThanOrEqual(upstream.calls().length)
      expect(market.process.exitCode).toBeNull()
    },
    60_000,
  )

  test('is killed and restarted, nothing but 503 is seen, and books stay exact', async () => {
    const asking = await underLoad()
    const killedMs = performance.now()
    process.kill(readPostmaster(join(folder, 'pg'))?.pid ?? 0, 'SIGKILL')
    const isGood = () => asking.since(killedMs + 500).some(({ status }) => status === 200)
    await expect.poll(isGood, { timeout: 15_000, interval: 100 }).toBe(true)
    await pause(500)
    await asking.stop()
    const statuses = new Set(asking.asked.map(({ status }) => status))
    expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([])
    expectExactBooks(await readUsage(market), asking.asked, upstream)
  }, 60_000)

  test('commits usage and the answer is lost, it is recorded once', async () => {
    for (let count = 0; count < 5; count++) {
      const cut = proxy.cutAnswerTo('insert-usage')
      const answer = await ask(QUICK, count % 2 === 1)
      expect(answer).toMatchObject({ status: 200, isWhole: true })
      await cut
    }
    const usage = await readUsage(market)
    expect(usage).toHaveLength(5)
    expect(new Set(usage.map(({ id }) => id)).size).toBe(5)
  })

  test('cannot be reached, a start is refused in one line', async () => {
    for (const mode of ['refuse', 'black-hole'] as const) {
      proxy.set(mode)
      const beganMs = performance.now()
      const { code, output } = await startRefusedMarket({ env })
      expect(code).toBe(1)
      expect(output.trim().split('\n')).toHaveLength(1)
      expect(output).toContain('Check host, port, name and password')
      expect(performance.now() - beganMs).toBeLessThan(20_000)
    }
    proxy.set('pass')
  }, 60_000)
})
