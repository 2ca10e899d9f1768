import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { inWindow, mostInWindow } from '../../tests/support/limits.ts'
import { ModelDatabase } from '../../tests/support/limits-model.ts'
import { type SeededRandom, seededRandom } from '../../tests/support/seeded-random.ts'
import { newId, Refusal, silentLog } from '../kernel/index.ts'
import type { Counter, Drawn } from './decide-waiting.ts'
import { Leaser } from './leaser.ts'
import { PlaceCounter } from './place-counter.ts'
import { needsOf } from './register.ts'
import type { Holder, Metric, Timing } from './types.ts'
import { WindowCounter } from './window-counter.ts'

const timing: Timing = {
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
const holder: Holder = { kind: 'key', id: newId() }

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
  })
})
afterEach(() => {
  vi.useRealTimers()
})

interface Fate {
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

/** Processes with one clock each, on one database with its own. */
function openWorld(
  random: SeededRandom,
  {
    processes,
    limits,
    fate,
  }: {
    processes: number
    limits: Partial<Record<'requests' | 'tokens' | 'concurrent', number>>
    fate: Fate
  },
) {
  const database = new ModelDatabase(
    {
      ...Object.fromEntries(
        Object.entries(limits).map(([metric, limit]) => [`a ${metric}`, limit]),
      ),
      'b requests': 1e6,
    },
    timing,
  )
  const draws: { atMs: number; amount: number }[] = []
  /** Which note a draw's parts belong to. */
  const notes = new WeakMap<object, { amount: number }>()
  const refused: Refused[] = []
  const watched = { left: (): number => 0 }
  /** The largest lease that each process was granted lately. */
  const grants: { process: number; atMs: number; granted: number }[] = []
  /** When requests ended that had a place. */
  const releases: { process: number; atMs: number }[] = []
  const recalls = new Set<(from: number, counter: Counter) => void>()

  function openProcess(at: number) {
    const offsetMs = random.below(1_000_000)
    const clock = { monotonicMs: () => performance.now() + offsetMs }
    const processId = newId()
    let sequence = 0
    const busy = new Set<Counter>()
    const counters = Object.entries(limits).map((limit) => counterOf(limit, busy))
    const leaser = new Leaser({
      send: async (asks, reports) => {
        sequence += 1
        const own = sequence
        const isLost = fate.lossEvery > 0 && random.below(fate.lossEvery) === 0
        const isLostBefore = random.below(2) === 0
        await pause(random.next() * fate.latencyMs)
        if (isLost && isLostBefore) throw new Error('lost before')
        const nowMs = performance.now() + 777_777
        const answer = database.take({ processId, sequence: own, nowMs }, asks, reports)
        for (const [index, { granted }] of answer.entries())
          if (asks[index]?.limitId === 'a')
            grants.push({ process: at, atMs: performance.now(), granted })
        if (isLost) throw new Error('lost after')
        await pause(random.next() * fate.latencyMs)
        return answer
      },
      recall: (counter) => {
        for (const hear of recalls) setTimeout(() => hear(at, counter), 1 + random.below(3))
      },
      busy,
      isHearing: () => true,
      refused: ({ counter: { metric }, amount }) => {
        const left = watched.left()
        refused.push({ process: at, atMs: performance.now(), metric, need: amount, left })
      },
      newId,
      clock,
      log: silentLog,
      timing,
    })
    recalls.add((from, counter) => {
      const own = counters.find(({ metric }) => metric === counter.metric)
      if (counter.limitId !== 'a') return
      if (from !== at && own !== undefined) leaser.giveBack(own)
    })
    const other = new WindowCounter({ limitId: 'b', holder, limit: 1e6 }, 'requests', {
      timing,
      busy,
    })
    return { leaser, counters, other, offsetMs }
  }

  const all = Array.from({ length: processes }, (_, at) => openProcess(at))
  // Who lacks something asks the others once in a while, and remembers a refusal for a while.
  const askingMs = timing.recallPauseMs + timing.recallWaitMs + timing.refusalMs
  const recentMs = askingMs + 4 * fate.latencyMs + 5
  return { all, database, draws, notes, refused, watched, releases, recentMs, grants }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

type World = ReturnType<typeof openWorld>

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
      if (note !== undefined && tokens > 0) note.amount = consumed
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
  const spanMs = timing.windowMs + timing.openMs
  const leftNow = (): number => limit - inWindow(world.draws, performance.now(), spanMs)
  const lows: { atMs: number; left: number }[] = []
  const noteLow = (): void => {
    lows.push({ atMs: performance.now(), left: leftNow() })
  }
  world.watched.left = () => {
    if (metric === 'concurrent') return limit - seen.running
    const fromMs = performance.now() - world.recentMs
    while ((lows[0]?.atMs ?? fromMs) < fromMs) lows.shift()
    return lows.reduce((least, { left }) => Math.min(least, left), leftNow())
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
  readonly limits: Partial<Record<'requests' | 'tokens' | 'concurrent', number>>
  readonly perSecond: number
  readonly tokensBelow?: number
  /** How long a request runs: from 0 to below this. */
  readonly runBelowMs?: number
  /** Another limit is asked for all the time besides. */
  readonly isBusy?: boolean
  readonly fate: Fate
}

async function simulate(seed: number, options: Simulation) {
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
function expectNoFalseRefusals(
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

const fates: readonly Fate[] = [
  { latencyMs: 1, lossEvery: 0 },
  { latencyMs: 20, lossEvery: 0 },
  { latencyMs: 5, lossEvery: 40 },
  { latencyMs: 400, lossEvery: 10 },
]

describe('requests in a sliding window', () => {
  it.each(Array.from({ length: 24 }, (_, seed) => seed + 1))(
    'are never over in any window, whatever gets lost (seed %i)',
    async (seed) => {
      const random = seededRandom(seed)
      const processes = 1 + random.below(4)
      const limit = 20 + random.below(400)
      const perSecond =
        ((0.4 + 1.6 * random.next()) * limit) / (timing.windowMs / 1_000) / processes
      const fate = fates[seed % fates.length] as Fate
      const world = await simulate(seed, {
        processes,
        limits: { requests: limit },
        perSecond,
        fate,
      })
      expect(world.draws.length).toBeGreaterThan(0)
      expect(mostInWindow(world.draws, timing.windowMs)).toBeLessThanOrEqual(limit)
      if (fate.lossEvery === 0) expectNoFalseRefusals(world, seed, timing.openMs + timing.reportMs)
    },
  )
})

describe('tokens in a sliding window', () => {
  const seeds = Array.from({ length: 12 }, (_, seed) => seed + 1)
  it.each(seeds)(
    'are never over by what is held, and what is returned is free again (seed %i)',
    async (seed) => {
      const random = seededRandom(seed)
      const processes = 1 + random.below(4)
      const tokens = 2_000 + random.below(20_000)
      // Half of what is held is consumed: as much as is wished fits in once it is returned.
      const perSecond = (1.5 * tokens) / 200 / (timing.windowMs / 1_000) / processes
      const fate = fates[seed % fates.length] as Fate
      const world = await simulate(seed, {
        processes,
        limits: { tokens },
        perSecond,
        tokensBelow: 400,
        fate,
      })
      expect(world.seen.most).toBeLessThanOrEqual(tokens)
      // Where so much gets lost much is refused, as unavailable.
      expect(world.seen.most).toBeGreaterThan(fate === fates[3] ? 0 : tokens / 2)
      if (fate.lossEvery === 0) expectNoFalseRefusals(world, seed, timing.openMs + timing.reportMs)
      await vi.advanceTimersByTimeAsync(timing.windowMs)
      for (const { leaser } of world.all) expect(leaser.leased).toBe(0)
      expect(world.database.counted('a tokens', performance.now() + 777_777)).toBe(0)
    },
  )
})

describe('requests at a time', () => {
  const seeds = Array.from({ length: 24 }, (_, seed) => seed + 1)
  it.each(seeds)(
    'are never more than the limit, and none stays counted at the end (seed %i)',
    async (seed) => {
      const random = seededRandom(seed)
      const processes = 1 + random.below(4)
      const concurrent = 1 + random.below(40)
      const perSecond = (concurrent * (2 + 6 * random.next())) / processes
      const fate = fates[seed % fates.length] as Fate
      const world = await simulate(seed, { processes, limits: { concurrent }, perSecond, fate })
      expect(world.seen.mostRunning).toBeLessThanOrEqual(concurrent)
      expect(world.seen.mostRunning).toBeGreaterThan(fate === fates[3] ? 0 : concurrent / 2)
      await expectNothingCounted(world)
      // The others get some milliseconds to give back: a slower database is told of too late.
      if (fate === fates[0]) expectNoFalseRefusals(world, seed, world.recentMs)
    },
  )

  it.each(seeds)(
    'are never more while they outlast their lease beside a busy limit (seed %i)',
    async (seed) => {
      const random = seededRandom(seed)
      const processes = 2 + random.below(3)
      const concurrent = 1 + random.below(10)
      const perSecond = (concurrent * (1 + random.next())) / processes
      // One statement takes longer than a look at the counters.
      const fate = { latencyMs: random.below(2) === 0 ? timing.reportMs : 3, lossEvery: 0 }
      const world = await simulate(seed, {
        processes,
        limits: { concurrent },
        perSecond,
        runBelowMs: 3 * timing.placeLeaseMs,
        isBusy: true,
        fate,
      })
      expect(world.seen.mostRunning).toBeLessThanOrEqual(concurrent)
      expect(world.seen.mostRunning).toBeGreaterThan(concurrent / 2)
      await expectNothingCounted(world)
    },
  )
})

async function expectNothingCounted(world: World): Promise<void> {
  await vi.advanceTimersByTimeAsync(2 * timing.placeLeaseMs)
  expect(world.database.counted('a concurrent', performance.now() + 777_777)).toBe(0)
  for (const { leaser, counters } of world.all) {
    for (const counter of counters) expect(counter.leased).toBe(0)
    expect(leaser.leased).toBe(0)
  }
}
