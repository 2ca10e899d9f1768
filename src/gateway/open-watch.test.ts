import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { systemClock } from '../kernel/index.ts'
import { openWatch } from './open-watch.ts'

class Counting {
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
  const watch = openWatch(systemClock)
  const [first, second] = [new Counting(), new Counting()]
  const counts = () => [first.ticks, second.ticks]
  watch.add(first, 600_000)
  await sleep(50)
  expect(counts()).toEqual([0, 0])
  watch.add(second, 80)
  await sleep(200)
  expect(first.ticks).toBeGreaterThanOrEqual(5)
  expect(first.ticks).toBe(second.ticks)
  watch.delete(first)
  watch.delete(second)
  const before = counts()
  await sleep(50)
  expect(counts()).toEqual(before)
})

it('stops all that are there, once each', () => {
  const watch = openWatch(systemClock)
  const [there, gone] = [new Counting(), new Counting()]
  watch.add(there, 1_000)
  watch.add(gone, 1_000)
  watch.delete(gone)
  watch.stopAll()
  expect([there.stops, gone.stops]).toEqual([1, 0])
  watch.delete(there)
})

it('lets one leave while all are ticked, and goes on', async () => {
  const watch = openWatch(systemClock)
  const staying = new Counting()
  const leaving = { tick: () => watch.delete(leaving), stop() {} }
  watch.add(leaving, 40)
  watch.add(staying, 40)
  await sleep(100)
  expect(staying.ticks).toBeGreaterThan(3)
  watch.delete(staying)
})
