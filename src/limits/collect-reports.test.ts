import { expect, it } from 'vitest'
import { newId } from '../kernel/index.ts'
import { collectReports } from './collect-reports.ts'
import type { Counter } from './decide-waiting.ts'
import { usualTiming } from './service.ts'
import type { Holder } from './types.ts'
import { WindowCounter } from './window-counter.ts'

const holder: Holder = { kind: 'key', id: newId() }

/** Counters that each have one report due. */
function openCounters(count: number): Set<Counter> {
  const busy = new Set<Counter>()
  for (let one = 0; one < count; one += 1) {
    const counted = { limitId: newId(), holder, limit: 100 }
    const counter = new WindowCounter(counted, 'tokens', { timing: usualTiming, busy })
    counter.add(7, 0, newId)
  }
  return busy
}

it('collects about as many as may be, and says that there are more', () => {
  const busy = openCounters(5)
  const first = collectReports(busy, { most: 3, nowMs: 1 })
  expect(first.reports.map(({ amount }) => amount)).toEqual([7, 7, 7])
  expect(first.hasMore).toBe(true)
  const rest = collectReports(busy, { most: 3, nowMs: 1 })
  expect(rest.reports).toHaveLength(2)
  expect(rest.hasMore).toBe(false)
  expect(collectReports(busy, { most: 3, nowMs: 1 }).reports).toEqual([])
})

it('has no more where the counters that are left have nothing to say', () => {
  const busy = openCounters(3)
  const silent = { limitId: newId(), holder, limit: 100 }
  busy.add(new WindowCounter(silent, 'requests', { timing: usualTiming, busy }))
  expect(collectReports(busy, { most: 3, nowMs: 1 }).hasMore).toBe(false)
})

it('puts back what could not be said', () => {
  const busy = openCounters(2)
  const { reports, restore } = collectReports(busy, { most: 10, nowMs: 1 })
  expect(reports).toHaveLength(2)
  busy.clear() // as a look at the counters does with those that have nothing more to say
  restore()
  expect(collectReports(busy, { most: 10, nowMs: 2 }).reports).toEqual(reports)
})
