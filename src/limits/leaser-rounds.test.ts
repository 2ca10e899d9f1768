import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { newId, silentLog } from '../kernel/index.ts'
import type { Counter, Drawn } from './decide-waiting.ts'
import { Leaser } from './leaser.ts'
import { PlaceCounter } from './place-counter.ts'
import { usualTiming } from './service.ts'
import type { Ask, Grant, Holder, Report } from './types.ts'
import { WindowCounter } from './window-counter.ts'

const timing = usualTiming
const tickMs = timing.reportMs / 2
const holder: Holder = { kind: 'key', id: newId() }

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
  })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A leaser of a database that grants all, after as long as `delay` says. */
function openWorld() {
  const busy = new Set<Counter>()
  const delay = { ms: 1 }
  const sent: { atMs: number; asks: readonly Ask[]; reports: readonly Report[] }[] = []
  const answer = ({ most, extra }: Ask): Grant => ({
    isLimited: true,
    limit: 1_000,
    granted: most + extra,
    left: 500,
    elsewhere: 0,
    retryMs: null,
    resetMs: 0,
  })
  const leaser = new Leaser({
    send: async (asks, reports) => {
      sent.push({ atMs: performance.now(), asks, reports })
      await new Promise((resolve) => setTimeout(resolve, delay.ms))
      return asks.map(answer)
    },
    busy,
    recall: () => {},
    isHearing: () => true,
    refused: () => {},
    newId,
    clock: { monotonicMs: () => performance.now() },
    log: silentLog,
    timing,
  })
  const windowOf = (limitId: string) =>
    new WindowCounter({ limitId, holder, limit: 1_000 }, 'requests', { timing, busy })
  const placesOf = (limitId: string) =>
    new PlaceCounter({ limitId, holder, limit: 1_000 }, { timing, busy, leaseId: newId() })
  const take = async (counter: Counter, amount = 1): Promise<Drawn[] | null> => {
    const drawn = leaser.take([{ counter, amount }])
    if (drawn instanceof Promise) await vi.advanceTimersByTimeAsync(delay.ms + 1)
    return drawn
  }
  return { leaser, delay, sent, windowOf, placesOf, take }
}

it('renews a place that was granted by a statement longer than a look at the counters', async () => {
  const { leaser, delay, sent, placesOf, windowOf, take } = openWorld()
  const [places, other] = [placesOf('a'), windowOf('b')]
  await take(other)
  await vi.advanceTimersByTimeAsync(tickMs - 10)
  delay.ms = tickMs + 50
  const drawn = (await take(places)) ?? []
  delay.ms = 1
  sent.length = 0
  // Longer than it counts; something else is asked for all the time.
  for (let ms = 0; ms < 2 * timing.placeLeaseMs; ms += 100) {
    void leaser.take([{ counter: other, amount: 1 }])
    await vi.advanceTimersByTimeAsync(100)
  }
  const renewals = sent.filter(({ asks }) => asks.some(({ limitId }) => limitId === 'a'))
  expect(renewals.length).toBeGreaterThanOrEqual(4)
  for (const { asks } of renewals) {
    const own = asks.find(({ limitId }) => limitId === 'a')
    expect(own).toMatchObject({ held: 1, most: 0 })
  }
  leaser.settle([places], drawn, 0)
  await vi.advanceTimersByTimeAsync(10 * tickMs)
  expect(places.isIdle).toBe(true)
})

it('gives back on a recall what a statement longer than a look at the counters granted', async () => {
  const { leaser, delay, sent, windowOf, take } = openWorld()
  const [counter, other] = [windowOf('a'), windowOf('b')]
  for (let ms = 0; ms < 600; ms += 10) {
    await take(counter)
    await vi.advanceTimersByTimeAsync(10)
  }
  await vi.advanceTimersByTimeAsync(2_500) // all is reported
  expect(counter.isIdle).toBe(true)
  await take(other)
  delay.ms = tickMs + 50
  await take(counter)
  delay.ms = 1
  expect(counter.leased).toBeGreaterThan(0)
  sent.length = 0
  leaser.giveBack(counter)
  await vi.advanceTimersByTimeAsync(10)
  const reports = sent.flatMap((one) => one.reports).filter(({ limitId }) => limitId === 'a')
  expect(reports).toMatchObject([{ amount: 1 }])
  expect(counter.leased).toBe(0)
})

it('what is asked back while a statement is under way stays given back, and is told at once', async () => {
  const { leaser, delay, sent, placesOf, take } = openWorld()
  const places = placesOf('a')
  const runs: Drawn[][] = []
  for (let one = 0; one < 40; one += 1) runs.push((await take(places)) ?? [])
  for (const drawn of runs) leaser.settle([places], drawn, 0)
  expect(places.leased).toBeGreaterThanOrEqual(40)
  delay.ms = 50
  // Everything is in use again, and one more is asked for.
  const most = places.leased
  for (let one = 0; one < most; one += 1) leaser.take([{ counter: places, amount: 1 }])
  const waits = leaser.take([{ counter: places, amount: 1 }])
  await vi.advanceTimersByTimeAsync(10)
  for (let one = 0; one < most; one += 1) places.release()
  sent.length = 0
  leaser.giveBack(places)
  await vi.advanceTimersByTimeAsync(45)
  expect(await waits).toHaveLength(1)
  expect(places.leased).toBe(0)
  expect(sent.flatMap(({ asks }) => asks)).toMatchObject([{ limitId: 'a', held: 1, most: 0 }])
})

it('says everything when it is closed, however many statements that takes', async () => {
  const { leaser, sent, windowOf, placesOf } = openWorld()
  const counters = Array.from({ length: 450 }, (_, at) => placesOf(`p${at}`))
  const windows = Array.from({ length: 2_500 }, (_, at) => windowOf(`w${at}`))
  const taken = [...counters, ...windows].map(async (counter) =>
    leaser.settle([counter], (await leaser.take([{ counter, amount: 1 }])) ?? [], 0),
  )
  await vi.advanceTimersByTimeAsync(100)
  await Promise.all(taken)
  sent.length = 0
  const closed = leaser.close()
  await vi.advanceTimersByTimeAsync(100)
  await closed
  const reports = sent.flatMap((one) => one.reports)
  const asks = sent.flatMap((one) => one.asks)
  expect(new Set(asks.map(({ limitId }) => limitId)).size).toBe(450)
  expect(asks.every(({ held, most }) => held === 0 && most === 0)).toBe(true)
  for (const one of sent) expect(one.reports.length).toBeLessThanOrEqual(1_000)
  expect(reports.length).toBeGreaterThan(1_000)
  for (const counter of [...windows, ...counters]) {
    expect(counter.leased).toBe(0)
    expect(counter.isIdle).toBe(true)
  }
})
