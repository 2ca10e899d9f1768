import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeQuickFolder } from '../support/folders.ts'
import { type Market, startMarket } from '../support/market.ts'
import { makeServerFolder, openTestServer, signalServer } from '../support/postgres.ts'
import { openScriptedUpstream, type ScriptedUpstream } from '../upstream/scripted-upstream.ts'
import { addUpstream, call } from './support/call.ts'
import { closePools, expectExactBooks, type Load, openLoad, readUsage } from './support/load.ts'

/** Streams of half a second: under way whenever the signal comes. */
const SLOW = 'acme/normal?pieces=10&gap_ms=50'
/** Streams of ten seconds: longer than a stop takes. */
const SLOWER = 'acme/normal?pieces=10&gap_ms=1000'

let upstream: ScriptedUpstream
let home: string
let market: Market
let load: Load

beforeEach(async () => {
  home = makeQuickFolder('baimo-stop-')
})
afterEach(async () => {
  await load?.stop()
  await closePools()
  await market?.stop()
  await upstream.close()
  rmSync(home, { recursive: true, force: true, maxRetries: 20 })
})

async function startUnderLoad(env: Record<string, string> = {}, slow = SLOW): Promise<void> {
  const data = ['acme/normal', slow].map((id) => ({ id }))
  upstream = await openScriptedUpstream({ modelList: { data } })
  market = await startMarket({ home, env })
  await addUpstream(market, upstream, ['acme/normal', slow])
  const { data: listings } = (await (await call(market, '/api/listings')).json()) as {
    data: { id: string; upstream_model: string }[]
  }
  const models = ['acme/normal', slow].map(
    (name) => listings.find((listing) => listing.upstream_model === name)?.id ?? name,
  )
  load = openLoad({ market: () => market, clients: 16, models })
  const enough = slow === SLOW ? 100 : 10
  await expect.poll(() => load.good().length, { timeout: 10_000 }).toBeGreaterThan(enough)
}

test('SIGTERM under load ends every answer in order, and each has its record', async () => {
  await startUnderLoad()
  const signalledMs = performance.now()
  const ended = market.end('SIGTERM')
  expect(await ended).toBe(0)
  const tookMs = performance.now() - signalledMs
  await load.stop()
  // What had begun was answered to its end; what came later was told so, or not let in.
  const broken = load.asked.filter(({ status, isWhole }) => status === 200 && !isWhole)
  expect(broken).toEqual([])
  const refused = load.since(signalledMs).filter(({ status }) => status !== null && status !== 200)
  expect(refused.filter(({ text }) => !text.includes('http_stopping'))).toEqual([])
  expect(load.since(signalledMs).filter(({ status }) => status === 200).length).toBeGreaterThan(0)
  expect(tookMs).toBeLessThan(20_000)
  market = await startMarket({ home })
  expectExactBooks(await readUsage(market), load.asked, upstream)
}, 60_000)

test('what takes longer than the time for a stop is told so, and recorded as far as it came', async () => {
  await startUnderLoad({ BAIMO_STOP_SECONDS: '1' }, SLOWER)
  const signalledMs = performance.now()
  expect(await market.end('SIGTERM')).toBe(0)
  expect(performance.now() - signalledMs).toBeLessThan(20_000)
  await load.stop()
  const cut = load.asked.filter(({ status, isWhole }) => status === 200 && !isWhole)
  expect(cut.length).toBeGreaterThan(0)
  for (const { text } of cut) expect(text).toMatch(/data: \{"error":.*gateway_stopping/)
  market = await startMarket({ home })
  const recorded = await readUsage(market)
  expectExactBooks(recorded, load.asked, upstream)
  const outcomes = new Map(recorded.map(({ id, outcome }) => [id, outcome]))
  expect(cut.filter(({ id }) => outcomes.get(id ?? '') !== 'aborted')).toEqual([])
}, 60_000)

test('a second SIGTERM ends it at once, and what was answered is recorded all the same', async () => {
  await startUnderLoad()
  const ended = market.end('SIGTERM')
  await pause(100)
  market.process.kill('SIGTERM')
  expect(await ended).toBe(1)
  await load.stop()
  market = await startMarket({ home })
  expectExactBooks(await readUsage(market), load.asked, upstream)
}, 60_000)

test('SIGTERM while the database is away logs each record that is lost whole, and says so', async () => {
  const folder = makeServerFolder()
  const server = await openTestServer('embedded', folder)
  try {
    await startUnderLoad({
      DATABASE_URL: `postgres://baimo@/postgres?host=${encodeURIComponent(server.host)}`,
    })
    await server.stop()
    await pause(500)
    const code = await market.end('SIGTERM')
    await load.stop()
    expect(code).toBe(1)
    const lost = market
      .output()
      .split('\n')
      .filter((line) => line.includes('usage record lost'))
      .map((line) => (JSON.parse(line) as { usage: { id: string } }).usage)
    expect(lost.length).toBeGreaterThan(0)
    const again = await openTestServer('embedded', folder)
    try {
      market = await startMarket({
        home,
        env: { DATABASE_URL: `postgres://baimo@/postgres?host=${encodeURIComponent(again.host)}` },
      })
      const recorded = await readUsage(market)
      // What is in the log and what is in the database are all there was, each once.
      const known = new Set(recorded.map(({ id }) => id))
      expect(lost.filter(({ id }) => known.has(id))).toEqual([])
      expectExactBooks(recorded, load.asked, upstream)
      await market.end('SIGTERM')
    } finally {
      await again.stop()
    }
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}, 60_000)

test('SIGTERM while the database is frozen ends in seconds, and each record that is lost is logged', async () => {
  const folder = makeServerFolder()
  const server = await openTestServer('embedded', folder)
  const url = `postgres://baimo@/postgres?host=${encodeURIComponent(server.host)}`
  try {
    await startUnderLoad({ DATABASE_URL: url, BAIMO_STOP_SECONDS: '1' })
    signalServer(join(folder, 'pg'), 'SIGSTOP')
    const signalledMs = performance.now()
    expect(await market.end('SIGTERM')).toBe(1)
    expect(performance.now() - signalledMs).toBeLessThan(25_000) // 15 s, on a busy machine
    await load.stop()
    const lost = market.output().match(/usage record lost/g) ?? []
    expect(lost.length).toBeGreaterThan(0)
  } finally {
    signalServer(join(folder, 'pg'), 'SIGCONT')
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}, 60_000)

test('SIGTERM while the home’s own database hangs ends, too, and the next start goes on', async () => {
  await startUnderLoad({ BAIMO_STOP_SECONDS: '0' })
  signalServer(join(home, 'pg'), 'SIGSTOP')
  const signalledMs = performance.now()
  expect(await market.end('SIGTERM')).toBe(1)
  expect(performance.now() - signalledMs).toBeLessThan(25_000) // 15 s, on a busy machine
  await load.stop()
  signalServer(join(home, 'pg'), 'SIGCONT')
  market = await startMarket({ home })
  const recorded = new Set((await readUsage(market)).map(({ id }) => id))
  const answered = load.good().filter(({ isWhole }) => isWhole)
  expect(answered.filter(({ id }) => !recorded.has(id ?? ''))).toEqual([])
}, 60_000)
