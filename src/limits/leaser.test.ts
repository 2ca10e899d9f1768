import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { mostInWindow } from '../../tests/support/limits.ts'
import {
  countedOf,
  expectNoFalseRefusals,
  type Fate,
  fates,
  simulate,
  timing,
  type World,
} from '../../tests/support/limits-world.ts'
import { seededRandom } from '../../tests/support/seeded-random.ts'

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
  })
})
afterEach(() => {
  vi.useRealTimers()
})

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
      // A lease is told of at the second look after its end.
      const toldMs = timing.openMs + 1.5 * timing.reportMs + 4 * fate.latencyMs
      if (fate.lossEvery === 0) expectNoFalseRefusals(world, seed, toldMs)
      await vi.advanceTimersByTimeAsync(timing.windowMs)
      for (const { leaser } of world.all) expect(leaser.leased).toBe(0)
      expect(countedOf(world, 'tokens')).toBe(0)
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
  expect(countedOf(world, 'concurrent')).toBe(0)
  for (const { leaser, counters } of world.all) {
    for (const counter of counters) expect(counter.leased).toBe(0)
    expect(leaser.leased).toBe(0)
  }
}
