import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Market, type Place, startMarket } from '../support/market.ts'
import { maySkip } from '../support/may-skip.ts'
import { openScriptedUpstream, type ScriptedUpstream } from '../upstream/scripted-upstream.ts'
import { addUpstream, call } from './support/call.ts'
import {
  type Asked,
  askOnce,
  closePools,
  expectExactBooks,
  type Load,
  openLoad,
  readUsage,
} from './support/load.ts'
import { lookForDisks, openSmallDisk, type SmallDisk } from './support/small-disk.ts'

const RECOVERED_MS = 20_000
const { isMissing, forbidden } = lookForDisks()
/** Who reads of skipped tests reads why. */
const title = forbidden === null ? 'a full disk' : `a full disk (forbidden here: ${forbidden})`

describe.skipIf(maySkip(isMissing) || forbidden !== null)(title, () => {
  let disk: SmallDisk
  let upstream: ScriptedUpstream
  let market: Market
  let load: Load
  let own: Asked[]

  const start = (env: Record<string, string> = {}, place: Place = disk): Promise<Market> =>
    startMarket({ home: join(disk.path, 'home'), place, env })

  /** Its log is written to the same disk. */
  const withLogThere = (): Place => ({
    ...disk,
    wrap: (command) =>
      disk.wrap(['sh', '-c', 'exec "$@" 2>"$0"', join(disk.path, 'log'), ...command]),
  })

  beforeEach(async () => {
    own = []
    disk = await openSmallDisk(400)
    upstream = await openScriptedUpstream()
  })
  afterEach(async () => {
    disk.empty()
    await load?.stop()
    await market?.stop()
    await closePools()
    await upstream.close()
    await disk.close()
  })

  async function startUnderLoad(env: Record<string, string> = {}, place?: Place): Promise<void> {
    market = await start(env, place)
    await addUpstream(market, upstream)
    load = openLoad({ market: () => market, clients: 8, models: ['acme/normal'] })
    await expect.poll(() => load.good().length, { timeout: 10_000 }).toBeGreaterThan(100)
  }

  const books = async (): Promise<void> =>
    expectExactBooks(await readUsage(market), [...load.asked, ...own], upstream)

  /** What the market says to a change, and to a request for a model. */
  async function refusals(): Promise<unknown[]> {
    const key = await call(market, '/api/keys', { name: 'new' })
    const { code } = (await key.json()) as { code?: string }
    const asked = await askOnce(market, { model: 'acme/normal', isStream: false })
    own.push(asked)
    const said = /"code":\s*"(\w+)"/.exec(asked.text)?.[1]
    return [key.status, code, asked.status, said, key.headers.get('retry-after')]
  }

  async function expectRecovery(): Promise<void> {
    const sinceMs = performance.now()
    const isServing = () => load.since(sinceMs).some(({ status }) => status === 200)
    await expect.poll(isServing, { timeout: RECOVERED_MS, interval: 50 }).toBe(true)
    const writes = async () => (await call(market, '/api/keys', { name: 'again' })).status
    await expect.poll(writes, { timeout: RECOVERED_MS, interval: 50 }).toBe(201)
  }

  /** Everything acknowledged is there, also after the database had to read its log again. */
  async function expectNothingLost(): Promise<void> {
    await load.stop()
    await books()
    await market.kill9()
    market = await start()
    await books()
  }

  test('keeps reads going, refuses writes and says why, and is forgotten when there is room', async () => {
    await startUnderLoad()
    disk.fill()
    const full = [503, 'store_disk_full', 503, 'store_disk_full', '10']
    await expect.poll(refusals, { timeout: 5_000, interval: 50 }).toEqual(full)
    const fullMs = performance.now()
    for (let look = 0; look < 20; look += 1) {
      for (const path of ['/v1/models', '/api/models', '/api/usage', '/api/keys'])
        expect([path, (await call(market, path)).status]).toEqual([path, 200])
      const ready = await call(market, '/readyz')
      expect(ready.status).toBe(503)
      expect(await ready.json()).toMatchObject({ status: 'not_ready', disk: 'full' })
      expect(await refusals()).toEqual(full)
      await pause(50)
    }
    const refused = load.since(fullMs + 500).filter(({ text }) => !text.includes('store_disk_full'))
    expect(refused).toEqual([])
    disk.empty()
    await expectRecovery()
    await expectNothingLost()
  }, 60_000)

  test('that is taken to the last byte again and again, with the log on it, costs no record', async () => {
    await startUnderLoad({}, withLogThere())
    for (let round = 0; round < 3; round += 1) {
      const endMs = performance.now() + 1_500
      while (performance.now() < endMs) {
        disk.fill()
        await pause(20)
      }
      disk.empty()
      await expectRecovery()
    }
    const log = () => readFileSync(disk.seen(join(disk.path, 'log')), 'utf8')
    const told = { timeout: 5_000, interval: 100 }
    await expect.poll(log, told).toMatch(/there is room on the disk again.*"msg":"request"/s)
    await expectNothingLost()
  }, 60_000)

  test('on which PostgreSQL ends for want of room for its log: it comes back with the room', async () => {
    await startUnderLoad()
    disk.fill()
    await expect.poll(() => disk.freeBytes(), { timeout: 5_000 }).toBeGreaterThan(0)
    disk.fill()
    await expect(useUpTheLog()).rejects.toThrow(/terminated/)
    await expect.poll(async () => (await call(market, '/api/usage')).status).toBe(503)
    await pause(3_000)
    expect(market.process.exitCode).toBeNull()
    const said = await call(market, '/api/usage')
    expect([said.status, await said.text()]).toEqual([503, expect.stringContaining('disk_full')])
    disk.empty()
    await expectRecovery()
    await expectNothingLost()
  }, 60_000)

  async function useUpTheLog(): Promise<void> {
    const host = disk.seen(join(disk.path, 'home', 'run', 'pg'))
    const client = new pg.Client({ host, user: 'baimo', database: 'baimo' })
    client.on('error', () => {})
    await client.connect()
    for (let turn = 0; turn < 20_000; turn += 1)
      await client
        .query("select pg_logical_emit_message(true, 'x', repeat('x', 50000))")
        .catch((error: { code?: string }) => {
          if (error.code !== '53100') throw error // that statement failed; PostgreSQL goes on
        })
  }

  test('is no reason not to start: what is there can be read', async () => {
    await startUnderLoad()
    await load.stop()
    await market.end('SIGTERM')
    disk.fill()
    market = await start()
    expect((await call(market, '/api/usage')).status).toBe(200)
    expect((await refusals()).slice(0, 4)).toEqual([503, 'store_disk_full', 503, 'store_disk_full'])
    disk.empty()
    load = openLoad({ market: () => market, clients: 2, models: ['acme/normal'] })
    await expectRecovery()
  }, 60_000)

  test('of a database of the owner’s own is told by the same code', async () => {
    await startUnderLoad({ BAIMO_DISK_RESERVE_MB: '0' })
    await load.stop()
    const embedded = market
    const host = disk.seen(join(disk.path, 'home', 'run', 'pg'))
    market = await startMarket({
      env: {
        DATABASE_URL: `postgres://baimo@/baimo?host=${encodeURIComponent(host)}`,
        BAIMO_SECRET_FILE: disk.seen(join(disk.path, 'home', 'secret.key')),
      },
    })
    load = openLoad({ market: () => market, clients: 8, models: ['acme/normal'] })
    disk.fill()
    const isTold = () => load.asked.some(({ text }) => text.includes('store_disk_full'))
    await expect.poll(isTold, { timeout: 20_000, interval: 100 }).toBe(true)
    expect((await call(market, '/v1/models')).status).toBe(200)
    disk.empty()
    await expectRecovery()
    await load.stop()
    await market.stop()
    market = embedded
    rmSync(disk.seen(join(disk.path, 'filling')), { force: true })
  }, 60_000)
})
