import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Market, startMarket, startRefusedMarket } from '../support/market.ts'
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

const LONG = 'acme/normal?pieces=60&gap_ms=50'
const LIMIT = 200
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0

describe.skipIf(maySkip(!hasPrlimit))('file descriptors', () => {
  let upstream: ScriptedUpstream
  let market: Market
  let load: Load | undefined
  const idle: Socket[] = []

  beforeEach(async () => {
    upstream = await openScriptedUpstream({ modelList: { data: [{ id: LONG }] } })
  })
  afterEach(async () => {
    for (const socket of idle.splice(0)) socket.destroy()
    await load?.stop()
    await closePools()
    await market?.stop()
    await upstream.close()
  })

  const openFiles = (): number => readdirSync(`/proc/${market.process.pid}/fd`).length

  /** Hundreds of connections that ask nothing; some are cut as they come. */
  async function openIdle(count: number): Promise<void> {
    const { hostname, port } = new URL(market.url)
    for (let i = 0; i < count; i += 1) {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => {}) // refused, which is what the test is about
      idle.push(socket)
      await Promise.race([once(socket, 'connect'), once(socket, 'close')])
    }
  }

  test('that run out cost new connections, and neither answers under way nor records', async () => {
    market = await startMarket()
    const added = await call(market, '/api/providers', {
      url: upstream.baseUrl,
      name: 'scripted',
      models: [LONG],
    })
    const { listings } = (await added.json()) as { listings: { id: string }[] }
    const model = listings[0]?.id ?? ''
    execFileSync('prlimit', [`--pid=${market.process.pid}`, `--nofile=${LIMIT}:${LIMIT}`])
    await pause(2_000) // the market looks at its limit each second
    const running = Array.from({ length: 8 }, () => askOnce(market, { model, isStream: true }))
    await expect.poll(() => upstream.calls().length).toBe(8)
    await openIdle(500)
    expect(openFiles()).toBeLessThan(LIMIT)
    const finished = await Promise.all(running)
    expect(finished.filter(({ status, isWhole }) => status !== 200 || !isWhole)).toEqual([])
    expect(market.process.exitCode).toBeNull()
    for (const socket of idle.splice(0)) socket.destroy()
    const later: Asked[] = []
    await expect
      .poll(
        async () => {
          later.push(await askOnce(market, { model, isStream: false }))
          return later.at(-1)?.status
        },
        { timeout: 10_000 },
      )
      .toBe(200)
    expectExactBooks(await readUsage(market), [...finished, ...later], upstream)
  }, 60_000)

  test('that run out under load leave the database and the providers within reach', async () => {
    market = await startMarket()
    await addUpstream(market, upstream, [LONG])
    const { data } = (await (await call(market, '/api/listings')).json()) as {
      data: { id: string; upstream_model: string }[]
    }
    const model = data.find((listing) => listing.upstream_model === LONG)?.id ?? ''
    execFileSync('prlimit', [`--pid=${market.process.pid}`, `--nofile=${LIMIT}:${LIMIT}`])
    await pause(2_000)
    const asking = openLoad({ market: () => market, clients: 120, models: [model] })
    load = asking
    await pause(5_000)
    await expect.poll(() => asking.good().length, { timeout: 20_000 }).toBeGreaterThan(60)
    await load.stop()
    // Who got in was served: nobody met a provider or a database that could not be reached.
    const answered = load.asked.filter(({ status }) => status !== null)
    expect(answered.filter(({ status }) => status !== 200)).toEqual([])
    await closePools()
    await expect.poll(openFiles, { timeout: 5_000 }).toBeLessThan(LIMIT / 2)
    expectExactBooks(await readUsage(market), load.asked, upstream)
  }, 60_000)

  test('of which there are too few to begin with are one clear line', async () => {
    const few = {
      wrap: (command: readonly string[]) => ['prlimit', '--nofile=100:100', ...command],
    }
    const refused = await startRefusedMarket({ place: { ...few, seen: (path) => path } })
    expect(refused.code).toBe(1)
    expect(refused.output.trim().split('\n')).toEqual([expect.stringContaining('ulimit -n')])
  })
})
