import { expect, vi } from 'vitest'
import { newId, Refusal, silentLog } from '../../src/kernel/index.ts'
import type { Counter, Drawn } from '../../src/limits/decide-waiting.ts'
import { Leaser, type LeaserParts } from '../../src/limits/leaser.ts'
import { PlaceCounter } from '../../src/limits/place-counter.ts'
import { needsOf } from '../../src/limits/register.ts'
import type { Holder, Metric, Timing } from '../../src/limits/types.ts'
import { WindowCounter } from '../../src/limits/window-counter.ts'
import { inWindow } from './limits.ts'
import { ModelDatabase } from './limits-model.ts'
import { type SeededRandom, seededRandom } from './seeded-random.ts'

/** A minute of six seconds, and everything else as much shorter. */
export const timing: Timing = {
  windowMs: 6_000,
  openMs: 300,
  placeLeaseMs: 1_500,
  placeRenewMs: 500,
  reportMs: 150,
  recallWaitMs: 12,
  recallPauseMs: 100,
  refusalMs: 30,
  patienceMs: 600,
}
/** The database's clock is not that of any process. */
const DATABASE_AHEAD_MS = 777_777
const holder: Holder = { kind: 'key', id: newId() }

export interface Fate {
  /** How long a statement takes on its way there and back, at most. */
  readonly latencyMs: number
  /** One statement in so many is lost, before or after it was carried out; 0: none. */
  readonly lossEvery: number
}

interface Refused {
  readonly process: number
  readonly atMs: number
  readonly metric: string
  readonly need: number
  /** What nobody used of it at that moment; of windows: for a while, `recentMs`. */
  readonly left: number
}

function counterOf([metric, limit]: [string, number], busy: Set<Counter>): Counter {
  const counted = { limitId: 'a', holder, limit }
  if (metric === 'concurrent') return new PlaceCounter(counted, { timing, busy, leaseId: newId() })
  return new WindowCounter(counted, metric as 'requests' | 'tokens', { timing, busy })
}

type Limited = Partial<Record<Metric, number>>

/** What the processes of a simulation share, and what is noted of them. */
function openGround(random: SeededRandom, limits: Limited, fate: Fate) {
  const entries = Object.entries(limits).map(([metric, limit]) => [`a ${metric}`, limit] as const)
  // Who lacks something asks the others once in a while, and remembers a refusal for a while.
  const askingMs = timing.recallPauseMs + timing.recallWaitMs + timing.refusalMs
  return {
    random,
    limits,
    fate,
    // What is returned of a lease whose time is over waits to be reported.
    recentMs: askingMs + 4 * fate.latencyMs + 5 + (limits.tokens ? 1.5 * timing.reportMs : 0),
    database: new ModelDatabase({ ...Object.fromEntries(entries), 'b requests': 1e6 }, timing),
    draws: [] as { atMs: number; amount: number }[],
    /** Which note a draw's parts belong to. */
    notes: new WeakMap<object, { amount: number }>(),
    refused: [] as Refused[],
    watched: { left: (): number => 0, note: (): void => {} },
    /** What each process was granted of what is watched. */
    grants: [] as { process: number; atMs: number; granted: number }[],
    /** When requests ended that had a place. */
    releases: [] as { process: number; atMs: number }[],
    recalls: new Set<(from: number, counter: Counter) => void>(),
  }
}

type Ground = ReturnType<typeof openGround>

/** Statements that take their time and get lost, as the fate of this ground is. */
function sendOf({ random, fate, database, grants }: Ground, at: number): LeaserParts['send'] {
  const processId = newId()
  let sequence = 0
  return async (asks, reports) => {
    sequence += 1
    const own = sequence
    const isLost = fate.lossEvery > 0 && random.below(fate.lossEvery) === 0
    const isLostBefore = random.below(2) === 0
    await pause(random.next() * fate.latencyMs)
    if (isLost && isLostBefore) throw new Error('lost before')
    const nowMs = performance.now() + DATABASE_AHEAD_MS
    const answer = database.take({ processId, sequence: own, nowMs }, asks, reports)
    for (const [index, { granted }] of answer.entries())
      if (asks[index]?.limitId === 'a')
        grants.push({ process: at, atMs: performance.now(), granted })
    if (isLost) throw new Error('lost after')
    await pause(random.next() * fate.latencyMs)
    return answer
  }
}

/** A process with a clock of its own. */
function openProcess(ground: Ground, at: number) {
  const { random, recalls } = ground
  const offsetMs = random.below(1_000_000)
  const busy = new Set<Counter>()
  const counters = Object.entries(ground.limits).map((limit) => counterOf(limit, busy))
  const leaser = new Leaser({
    send: sendOf(ground, at),
    recall: (counter) => {
      for (const hear of recalls) setTimeout(() => hear(at, counter), 1 + random.below(3))
    },
    busy,
    isHearing: () => true,
    refused: ({ counter: { metric }, amount }) => {
      const left = ground.watched.left()
      ground.refused.push({ process: at, atMs: performance.now(), metric, need: amount, left })
    },
    newId,
    clock: { monotonicMs: () => performance.now() + offsetMs },
    log: silentLog,
    timing,
  })
  recalls.add((from, counter) => {
    const own = counters.find(({ metric }) => metric === counter.metric)
    if (counter.limitId === 'a' && from !== at && own !== undefined) leaser.giveBack(own)
  })
  const counted = { limitId: 'b', holder, limit: 1e6 }
  const other = new WindowCounter(counted, 'requests', { timing, busy })
  return { leaser, counters, other, offsetMs }
}

/** Processes on one database. */
function openWorld(
  random: SeededRandom,
  { processes, limits, fate }: { processes: number; limits: Limited; fate: Fate },
) {
  const ground = openGround(random, limits, fate)
  const all = Array.from({ length: processes }, (_, at) => openProcess(ground, at))
  return { ...ground, all }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

export type World = ReturnType<typeof openWorld>

/** Requests at random, in bursts and lulls, at one process; each runs a while. */
async function drive(
  world: World,
  at: number,
  random: SeededRandom,
  options: { untilMs: number; tokensBelow: number; perSecond: number; runBelowMs: number },
) {
  const { leaser, counters } = world.all[at] as World['all'][number]
  const runs: Promise<void>[] = []
  while (performance.now() < options.untilMs) {
    const burst = random.below(8) === 0 ? 1 + random.below(30) : 1
    for (let one = 0; one < burst; one += 1) runs.push(takeOne())
    await pause((-Math.log(1 - random.next()) * 1_000) / options.perSecond)
  }
  await Promise.all(runs)

  async function takeOne(): Promise<void> {
    const tokens = options.tokensBelow === 0 ? 0 : 1 + random.below(options.tokensBelow)
    let drawn: Drawn[] | null
    try {
      drawn = await leaser.take(needsOf(counters, tokens))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return
    }
    if (drawn === null) return
    await pause(random.below(options.runBelowMs))
    const consumed = random.below(tokens + 1)
    for (const { parts } of drawn) {
      const note = world.notes.get(parts)
      if (note === undefined || tokens === 0) continue
      world.watched.note()
      note.amount = consumed
    }
    leaser.settle(counters, drawn, consumed)
  }
}

/** A caller of another limit, who never ceases. */
async function keepBusy(world: World, untilMs: number): Promise<void> {
  while (performance.now() < untilMs) {
    for (const { leaser, other } of world.all)
      Promise.resolve()
        .then(() => leaser.take([{ counter: other, amount: 1 }]))
        .catch((error: unknown) => {
          if (!(error instanceof Refusal)) throw error
        })
    await pause(50)
  }
}

/** Notes every draw of a metric with its true time, and the most of it that ran at a time. */
function watch(world: World, metric: Metric, limit: number) {
  const seen = { most: 0, running: 0, mostRunning: 0 }
  // A lease counts until a window after its last use: what was drawn before that, too.
  const spanMs = timing.windowMs + timing.openMs + world.fate.latencyMs
  const leftAt = (atMs: number): number => limit - inWindow(world.draws, atMs, spanMs)
  const lows: { atMs: number; left: number }[] = []
  const noteLow = (): void => {
    lows.push({ atMs: performance.now(), left: leftAt(performance.now()) })
  }
  world.watched.note = noteLow
  world.watched.left = () => {
    if (metric === 'concurrent') return limit - seen.running
    const fromMs = performance.now() - world.recentMs
    while ((lows[0]?.atMs ?? fromMs) < fromMs) lows.shift()
    const ends = Math.min(leftAt(fromMs), leftAt(performance.now()))
    return lows.reduce((least, { left }) => Math.min(least, left), ends)
  }
  for (const [process, { counters, offsetMs }] of world.all.entries())
    for (const counter of counters) {
      if (counter.kind === 'place') {
        const [draw, release] = [counter.draw.bind(counter), counter.release.bind(counter)]
        counter.draw = (nowMs) => {
          seen.running += 1
          seen.mostRunning = Math.max(seen.mostRunning, seen.running)
          draw(nowMs)
        }
        counter.release = () => {
          world.releases.push({ process, atMs: performance.now() })
          seen.running -= 1
          release()
        }
        continue
      }
      if (counter.metric !== metric) continue
      const draw = counter.draw.bind(counter)
      counter.draw = (amount, nowMs) => {
        const note = { atMs: nowMs - offsetMs, amount }
        world.draws.push(note)
        const parts = draw(amount, nowMs)
        world.notes.set(parts, note)
        noteLow()
        // As it was at this moment: what runs counts with all that it holds.
        seen.most = Math.max(seen.most, inWindow(world.draws, note.atMs, timing.windowMs))
        expect({ metric, most: seen.most }).toMatchObject({ most: Math.min(seen.most, limit) })
        return parts
      }
    }
  return seen
}

interface Simulation {
  readonly processes: number
  readonly limits: Limited
  readonly perSecond: number
  readonly tokensBelow?: number
  /** How long a request runs: from 0 to below this. */
  readonly runBelowMs?: number
  /** Another limit is asked for all the time besides. */
  readonly isBusy?: boolean
  readonly fate: Fate
}

/** Twenty seconds of requests at several processes; ends when each was answered. */
export async function simulate(seed: number, options: Simulation) {
  const { tokensBelow = 0, runBelowMs = 400, perSecond, limits } = options
  const world = openWorld(seededRandom(seed), options)
  const metric = metrics.find((one) => limits[one] !== undefined) ?? 'requests'
  const seen = watch(world, metric, limits[metric] ?? 0)
  const untilMs = performance.now() + 20_000
  const driven = Promise.all(
    world.all.map((_, at) =>
      drive(world, at, seededRandom(seed * 100 + at), {
        untilMs,
        tokensBelow,
        perSecond,
        runBelowMs,
      }),
    ),
  )
  const isBusy = options.isBusy === true ? keepBusy(world, untilMs) : null
  let isOver = false
  void driven.finally(() => {
    isOver = true
  })
  // Whoever waits is answered: nobody waits longer than this after the last came.
  for (let spans = 0; !isOver && spans < 60; spans += 1) await vi.advanceTimersByTimeAsync(500)
  expect(isOver).toBe(true)
  await driven
  await isBusy
  return { ...world, seen }
}

const metrics: readonly Metric[] = ['requests', 'tokens', 'concurrent']

/**
 * Nobody was refused while more was left than what each other process was granted at once within
 * `sinceMs` before, and the places that requests of the others left just now.
 */
export function expectNoFalseRefusals(
  world: Awaited<ReturnType<typeof simulate>>,
  seed: number,
  sinceMs: number,
): void {
  for (const { atMs, process, need, left, metric } of world.refused) {
    const others = world.all.map((_, other) =>
      world.grants
        .filter((one) => one.process === other && one.process !== process)
        .filter((one) => one.atMs > atMs - sinceMs && one.atMs <= atMs)
        .reduce((most, { granted }) => Math.max(most, granted), 0),
    )
    const fresh = world.releases.filter(
      (one) => one.process !== process && one.atMs > atMs - world.recentMs && one.atMs <= atMs,
    )
    const elsewhere = others.reduce((sum, one) => sum + one, fresh.length)
    const tooMuchLeft = Math.max(0, left - elsewhere - need + 1)
    expect({ seed, metric, atMs, tooMuchLeft }).toMatchObject({ tooMuchLeft: 0 })
  }
}

export const fates: readonly Fate[] = [
  { latencyMs: 1, lossEvery: 0 },
  { latencyMs: 20, lossEvery: 0 },
  { latencyMs: 5, lossEvery: 40 },
  { latencyMs: 400, lossEvery: 10 },
]

/** What counts of a metric of the limit that is watched. */
export function countedOf({ database }: World, metric: Metric): number {
  return database.counted(`a ${metric}`, performance.now() + DATABASE_AHEAD_MS)
}
