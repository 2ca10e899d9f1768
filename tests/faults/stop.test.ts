import { rmSync } from 'node:fs'
import { Agent, request as httpRequest } from 'node:http'
import { connect, type Socket } from 'node:net'
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
  const models = [await listingOf('acme/normal'), await listingOf(slow)]
  load = openLoad({ market: () => market, clients: 16, models })
  const enough = slow === SLOW ? 100 : 10
  await expect.poll(() => load.good().length, { timeout: 10_000 }).toBeGreaterThan(enough)
}

/** The id of the listing of a model of the upstream's. */
async function listingOf(upstreamModel: string): Promise<string> {
  const { data } = (await (await call(market, '/api/listings')).json()) as {
    data: { id: string; upstream_model: string }[]
  }
  return data.find(({ upstream_model }) => upstream_model === upstreamModel)?.id ?? 'none'
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

/** How requests went: the status with the header `connection`, or the code of the error. */
async function askOn(agent: Agent | false, isOver: () => boolean): Promise<string[]> {
  const went: string[] = []
  while (!isOver()) {
    went.push(await askOnce(agent))
    if (went.at(-1) === 'ECONNREFUSED') await pause(20)
  }
  return went
}

function askOnce(agent: Agent | false): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const asked = httpRequest(`${market.url}/v1/chat/completions`, {
    method: 'POST',
    agent,
    headers: { authorization: `Bearer ${market.ownerKey}`, 'content-type': 'application/json' },
  })
  asked.on('error', (error) => resolve('code' in error ? String(error.code) : error.message))
  asked.on('response', (answer) => {
    answer.on('error', () => resolve('cut'))
    answer.on('end', () => resolve(`${answer.statusCode} ${answer.headers.connection}`))
    answer.resume()
  })
  asked.end(JSON.stringify({ model: 'acme/normal', messages: [{ role: 'user', content: 'x' }] }))
  return promise
}

// Again where it fails: a connection that the kernel has let in, and that nobody has taken up when
// the door closes, is reset by the kernel. No program can answer it.
test('SIGTERM resets no request, on a new connection or on one that was kept', {
  retry: 2,
  timeout: 60_000,
}, async () => {
  await startUnderLoad()
  let isOver = false
  const agent = new Agent({ keepAlive: true })
  const asking = Array.from({ length: 20 }, (_, at) => askOn(at % 2 === 0 && agent, () => isOver))
  await pause(500)
  expect(await market.end('SIGTERM')).toBe(0)
  await pause(200)
  isOver = true
  const went = new Set((await Promise.all(asking)).flat())
  agent.destroy()
  const fine = ['200 keep-alive', '200 close', '503 close', 'ECONNREFUSED']
  expect([...went].filter((how) => !fine.includes(how))).toEqual([])
  expect(went).toContain('503 close')
})

test('SIGTERM tells balancers first, and takes requests while they turn away', async () => {
  upstream = await openScriptedUpstream({ modelList: { data: [{ id: 'acme/normal' }] } })
  market = await startMarket({ home, env: { BAIMO_DRAIN_SECONDS: '2' } })
  await addUpstream(market, upstream)
  expect((await call(market, '/readyz')).status).toBe(200)
  const ended = market.end('SIGTERM')
  const ready = () => call(market, '/readyz').then((answer) => answer.json())
  await expect.poll(ready, { timeout: 1_500 }).toMatchObject({ status: 'stopping' })
  expect((await call(market, '/readyz')).status).toBe(503)
  expect(await askOnce(false)).toBe('200 close')
  expect(await ended).toBe(0)
  expect(await askOnce(false)).toBe('ECONNREFUSED')
}, 60_000)

/** A request for a model on a connection whose answer is never read, all of it or cut short. */
function askAndNeverRead(model: string, missingBytes: number): Socket {
  const body = JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'x' }] })
  const { hostname, port } = new URL(market.url)
  const socket = connect(Number(port), hostname).pause()
  socket.on('error', () => {}) // it is cut, which is what is tried here
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    `host: ${hostname}`,
    `authorization: Bearer ${market.ownerKey}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, body.length - missingBytes)}`)
  return socket
}

test('clients that do not read, and uploads that do not end, do not make a stop longer', async () => {
  const slower = 'acme/normal?pieces=200000&gap_ms=0'
  const data = ['acme/normal', slower].map((id) => ({ id }))
  upstream = await openScriptedUpstream({ modelList: { data } })
  market = await startMarket({ home, env: { BAIMO_STOP_SECONDS: '1' } })
  await addUpstream(market, upstream, ['acme/normal', slower])
  const id = await listingOf(slower)
  const sockets = [0, 0, 0, 10, 10].map((missing) => askAndNeverRead(id, missing))
  await expect.poll(() => upstream.calls().length, { timeout: 10_000 }).toBe(3)
  const signalledMs = performance.now()
  expect(await market.end('SIGTERM')).toBe(0)
  expect(performance.now() - signalledMs).toBeLessThan(5_000) // 3 s, on a busy machine
  for (const socket of sockets) socket.destroy()
  market = await startMarket({ home })
  const recorded = await readUsage(market)
  expect(recorded.map(({ outcome }) => outcome)).toEqual(['aborted', 'aborted', 'aborted'])
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
