import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { NO_SLOT, systemClock } from '../kernel/index.ts'
import { openTicker } from './open-ticker.ts'

class Counting {
  slot = NO_SLOT
  ticks = 0
  stops = 0

  tick(): void {
    this.ticks += 1
  }

  stop(): void {
    this.stops += 1
  }
}

it('ticks as often as the shortest wait needs, all alike, and nobody that has left', async () => {
  const ticker = openTicker(systemClock)
  const [first, second] = [new Counting(), new Counting()]
  const counts = () => [first.ticks, second.ticks]
  ticker.add(first, 600_000)
  await sleep(50)
  expect(counts()).toEqual([0, 0])
  ticker.add(second, 80)
  // At one tick a second, as for the first alone, it would take longer.
  await expect.poll(() => first.ticks, { timeout: 4_000 }).toBeGreaterThanOrEqual(5)
  expect(first.ticks).toBe(second.ticks)
  ticker.delete(first)
  ticker.delete(second)
  const before = counts()
  await sleep(50)
  expect(counts()).toEqual(before)
})

it('stops all that are there, once each', () => {
  const ticker = openTicker(systemClock)
  const [there, gone] = [new Counting(), new Counting()]
  ticker.add(there, 1_000)
  ticker.add(gone, 1_000)
  ticker.delete(gone)
  ticker.stopAll()
  expect([there.stops, gone.stops]).toEqual([1, 0])
  ticker.delete(there)
})

it('lets one leave while all are ticked, and goes on', async () => {
  const ticker = openTicker(systemClock)
  const staying = new Counting()
  const leaving = { slot: NO_SLOT, tick: () => ticker.delete(leaving), stop() {} }
  ticker.add(leaving, 40)
  ticker.add(staying, 40)
  await expect.poll(() => staying.ticks).toBeGreaterThan(3)
  ticker.delete(staying)
})
