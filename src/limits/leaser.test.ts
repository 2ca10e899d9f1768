import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { inWindow, mostInWindow } from '../../tests/support/limits.ts'
import { ModelDatabase } from '../../tests/support/limits-model.ts'
import { type SeededRandom, seededRandom } from '../../tests/support/seeded-random.ts'
import { newId, Refusal, silentLog } from '../kernel/index.ts'
import type { Counter, Drawn } from './decide-waiting.ts'
import { Leaser } from './leaser.ts'
import { PlaceCounter } from './place-counter.ts'
import { needsOf } from './register.ts'
import type { Holder, Timing } from './types.ts'
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
  readonly need: number
}

function counterOf([metric, limit]: [string, number]): Counter {
  const counted = { limitId: 'a', holder, limit }
  if (metric === 'concurrent') return new PlaceCounter(counted, { timing, sliceId: newId() })
  return new WindowCounter(counted, metric as 'requests' | 'tokens', timing)
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
    Object.fromEntries(Object.entries(limits).map(([metric, limit]) => [`a ${metric}`, limit])),
    timing,
  )
  const draws: { atMs: number; amount: number }[] = []
  /** Which note a draw's parts belong to. */
  const notes = new WeakMap<object, { amount: number }>()
  const refused: Refused[] = []
  /** The largest slice that each process was granted lately. */
  const grants: { process: number; atMs: number; granted: number }[] = []
  const recalls = new Set<(from: number, counter: Counter) => void>()

  function openProcess(at: number) {
    const offsetMs = random.below(1_000_000)
    const clock = { monotonicMs: () => performance.now() + offsetMs }
    const processId = newId()
    let sequence = 0
    const counters = Object.entries(limits).map(counterOf)
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
        for (const { granted } of answer)
          grants.push({ process: at, atMs: performance.now(), granted })
        if (isLost) throw new Error('lost after')
        await pause(random.next() * fate.latencyMs)
        return answer
      },
      recall: (counter) => {
        for (const hear of recalls) setTimeout(() => hear(at, counter), 1 + random.below(3))
      },
      isHearing: () => true,
      refused: ({ amount }) => refused.push({ process: at, atMs: performance.now(), need: amount }),
      newId,
      clock,
      log: silentLog,
      timing,
    })
    recalls.add((from, counter) => {
      const own = counters.find(({ metric }) => metric === counter.metric)
      if (from !== at && own !== undefined) leaser.giveBack(own)
    })
    return { leaser, counters, offsetMs }
  }

  const all = Array.from({ length: processes }, (_, at) => openProcess(at))
  return { all, database, draws, notes, refused, grants }
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
  options: { untilMs: number; tokensBelow: number; perSecond: number },
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
    await pause(random.below(400))
    const consumed = random.below(tokens + 1)
    for (const { parts } of drawn) {
      const note = world.notes.get(parts)
      if (note !== undefined && tokens > 0) note.amount = consumed
    }
    leaser.settle(counters, drawn, consumed)
  }
}

/** Notes every draw of a metric with its true time, and the most of it that ran at a time. */
function watch(world: World, metric: 'requests' | 'tokens', limit: number) {
  const seen = { most: 0, running: 0, mostRunning: 0 }
  for (const { counters, offsetMs } of world.all)
    for (const counter of counters) {
      if (counter.kind === 'place') {
        const [draw, release] = [counter.draw.bind(counter), counter.release.bind(counter)]
        counter.draw = (nowMs) => {
          seen.running += 1
          seen.mostRunning = Math.max(seen.mostRunning, seen.running)
          draw(nowMs)
        }
        counter.release = () => {
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
  readonly fate: Fate
}

async function simulate(seed: number, options: Simulation) {
  const { tokensBelow = 0, perSecond, limits } = options
  const world = openWorld(seededRandom(seed), options)
  const metric = limits.requests === undefined ? 'tokens' : 'requests'
  const seen = watch(world, metric, limits[metric] ?? 0)
  const untilMs = performance.now() + 20_000
  const driven = Promise.all(
    world.all.map((_, at) =>
      drive(world, at, seededRandom(seed * 100 + at), { untilMs, tokensBelow, perSecond }),
    ),
  )
  let isOver = false
  void driven.finally(() => {
    isOver = true
  })
  // Whoever waits is answered: nobody waits longer than this after the last came.
  for (let spans = 0; !isOver && spans < 60; spans += 1) await vi.advanceTimersByTimeAsync(500)
  expect(isOver).toBe(true)
  await driven
  return { ...world, seen }
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
      if (fate.lossEvery > 0) return
      // Nobody was refused while more was left than one slice of each other process.
      const sorted = world.draws.toSorted((one, other) => one.atMs - other.atMs)
      for (const { atMs, process, need } of world.refused) {
        // A slice counts until a window after its last use: what was drawn before that, too.
        const left = limit - inWindow(sorted, atMs, timing.windowMs + timing.openMs)
        const slices = Array.from({ length: processes }, (_, other) =>
          Math.max(
            0,
            ...world.grants
              .filter(
                (one) =>
                  one.process === other &&
                  one.process !== process &&
                  one.atMs > atMs - timing.openMs - timing.reportMs &&
                  one.atMs <= atMs,
              )
              .map(({ granted }) => granted),
          ),
        ).reduce((sum, one) => sum + one, 0)
        expect({ seed, atMs, tooMuchLeft: Math.max(0, left - slices - need + 1) }).toMatchObject({
          tooMuchLeft: 0,
        })
      }
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
      expect(world.seen.most).toBeGreaterThan(tokens / 2)
      await vi.advanceTimersByTimeAsync(timing.windowMs)
      for (const { leaser } of world.all) expect(leaser.leased).toBe(0)
      expect(world.database.counted('a tokens', performance.now() + 777_777)).toBe(0)
    },
  )
})

describe('requests at a time', () => {
  const seeds = Array.from({ length: 12 }, (_, seed) => seed + 1)
  it.each(seeds)(
    'are never more than the limit, and none stays counted at the end (seed %i)',
    async (seed) => {
      const random = seededRandom(seed)
      const processes = 1 + random.below(4)
      const concurrent = 1 + random.below(40)
      const perSecond = (concurrent * (2 + 6 * random.next())) / processes
      const fate = fates[seed % 3] as Fate
      const world = await simulate(seed, { processes, limits: { concurrent }, perSecond, fate })
      expect(world.seen.mostRunning).toBeLessThanOrEqual(concurrent)
      expect(world.seen.mostRunning).toBeGreaterThan(concurrent / 2)
      await vi.advanceTimersByTimeAsync(2 * timing.placeLeaseMs)
      expect(world.database.counted('a concurrent', performance.now() + 777_777)).toBe(0)
      for (const { leaser } of world.all) expect(leaser.leased).toBe(0)
    },
  )
})
