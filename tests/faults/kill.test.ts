import { rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SMALL } from '../support/engine.ts'
import { makeQuickFolder } from '../support/folders.ts'
import { type Market, startMarket } from '../support/market.ts'
import { type SeededRandom, seededRandom } from '../support/seeded-random.ts'
import { openScriptedUpstream, type ScriptedUpstream } from '../upstream/scripted-upstream.ts'
import { addUpstream } from './support/call.ts'
import {
  askOnce,
  closePools,
  expectExactBooks,
  type Load,
  openLoad,
  readUsage,
} from './support/load.ts'
import { processesOf } from './support/processes.ts'

/** By hand: `KILLS=100 npm test -- tests/faults/kill.test.ts`, and `SEED` to repeat a run. */
const KILLS = Number(process.env.KILLS ?? 20)
const SEED = Number(process.env.SEED ?? 4)
const BACK_MS = 20_000

type Victim = 'baimo' | 'postmaster' | 'backend' | 'engine'
const VICTIMS: readonly [Victim, ...Victim[]] = ['baimo', 'postmaster', 'backend', 'engine']

let upstream: ScriptedUpstream
let home: string
let market: Market
let load: Load

beforeAll(async () => {
  upstream = await openScriptedUpstream()
  home = makeQuickFolder('baimo-kill-')
  market = await startMarket({ home })
  await addUpstream(market, upstream)
}, 120_000)
afterAll(async () => {
  await load?.stop()
  await closePools()
  await market?.stop()
  await upstream.close()
  rmSync(home, { recursive: true, force: true, maxRetries: 20 })
}, 60_000)

/** Each kind as often as the others, in a random order. */
function drawVictims(random: SeededRandom): Victim[] {
  const drawn = Array.from({ length: KILLS }, (_, i) => VICTIMS[i % VICTIMS.length] ?? 'baimo')
  return drawn
    .map((victim) => ({ victim, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ victim }) => victim)
}

async function kill(victim: Victim, random: SeededRandom): Promise<void> {
  if (victim === 'baimo') {
    await market.kill9()
    market = await startMarket({ home })
    return
  }
  const processes = processesOf(market)
  const backends = processes.backends()
  const pid = victim === 'backend' ? backends[random.below(backends.length)] : processes[victim]()
  expect(pid, `a running ${victim}`).toBeTypeOf('number')
  process.kill(pid ?? 0, 'SIGKILL')
}

/** How long it takes until both kinds of model answer again. */
async function untilItServes(): Promise<number> {
  const startMs = performance.now()
  const own = []
  for (const model of ['acme/normal', SMALL])
    while (true) {
      const one = await askOnce(market, { model, isStream: false })
      own.push(one)
      if (one.status === 200) break
      expect(performance.now() - startMs, `${model}: ${one.text}`).toBeLessThan(BACK_MS)
      await pause(20)
    }
  extra.push(...own)
  return performance.now() - startMs
}
const extra: Awaited<ReturnType<typeof askOnce>>[] = []

test(
  `kill -9 at ${KILLS} random moments under load, of Baimo, its database and its engine, loses no record`,
  async () => {
    const random = seededRandom(SEED)
    await untilItServes()
    load = openLoad({
      market: () => market,
      clients: 12,
      models: ['acme/normal', 'acme/normal', SMALL],
    })
    const backMs: Record<Victim, number> = { baimo: 0, postmaster: 0, backend: 0, engine: 0 }
    for (const victim of drawVictims(random)) {
      await pause(50 + random.below(350))
      await kill(victim, random)
      backMs[victim] = Math.max(backMs[victim], await untilItServes())
    }
    await load.stop()
    expectExactBooks(await readUsage(market), [...load.asked, ...extra])
    // The test means nothing unless answers really arrived, whole and as streams, of both kinds.
    const kinds = new Set(load.good().map(({ model, isStream }) => `${model} ${isStream}`))
    expect(kinds.size).toBe(4)
    expect(load.good().length).toBeGreaterThan(KILLS * 20)
    const worst = Object.entries(backMs).map(([victim, ms]) => `${victim} ${Math.round(ms)} ms`)
    process.stderr.write(
      `kills: ${KILLS}, answers: ${load.good().length}, serving again: ${worst.join(', ')}\n`,
    )
  },
  60_000 + KILLS * 6_000,
)
