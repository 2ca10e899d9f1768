import { expect, it } from 'vitest'
import { newId } from '../kernel/index.ts'
import type { Counter } from './decide-waiting.ts'
import { PlaceCounter } from './place-counter.ts'
import { usualTiming } from './service.ts'
import type { Grant, Holder } from './types.ts'
import { Waiting } from './waiting.ts'

const holder: Holder = { kind: 'key', id: newId() }

function placesWith(granted: number): Counter {
  const counted = { limitId: newId(), holder, limit: 10 }
  const options = { timing: usualTiming, busy: new Set<Counter>(), leaseId: newId() }
  const counter = new PlaceCounter(counted, options)
  const ask = counter.composeAsk({ least: 0, most: granted, nowMs: 0 })
  const grant: Grant = {
    isLimited: true,
    limit: 10,
    granted,
    left: 0,
    elsewhere: 0,
    retryMs: null,
    resetMs: 0,
  }
  counter.accept(ask, grant, 0, 0)
  return counter
}

it('admits who waits in their order, as far as there is enough', async () => {
  const waiting = new Waiting()
  const counter = placesWith(2)
  const admitted: number[] = []
  for (let one = 0; one < 3; one += 1)
    void waiting.add([{ counter, amount: 1 }], 0).then(() => admitted.push(one))
  waiting.admit(1)
  await Promise.resolve()
  expect(admitted).toEqual([0, 1])
  expect(waiting.size).toBe(1)
})

it('asks for as many as need so many counters, and for nobody who waits for the others', () => {
  const waiting = new Waiting()
  const counters = [placesWith(0), placesWith(0), placesWith(0)]
  for (const counter of [...counters, ...counters]) void waiting.add([{ counter, amount: 1 }], 0)
  const [first] = waiting.ready(9, 0)
  expect(waiting.ready(9, 0)).toHaveLength(6)
  expect(waiting.ready(2, 0).map(({ needs }) => needs[0]?.counter)).toEqual([
    counters[0],
    counters[1],
    counters[0],
    counters[1],
  ])
  if (first !== undefined) first.readyMs = 10
  expect(waiting.ready(9, 9)).toHaveLength(5)
  expect(waiting.ready(9, 10)).toHaveLength(6)
})

it('judges only those that were asked for and still wait, and refuses all at the end', async () => {
  const waiting = new Waiting()
  const counter = placesWith(1)
  const all = [0, 1, 2].map(() => waiting.add([{ counter, amount: 1 }], 0))
  const asked = waiting.ready(9, 0)
  waiting.admit(1)
  const judged: unknown[] = []
  waiting.judge(asked, (one) => {
    judged.push(one)
    return judged.length === 1 ? 'goes' : 'stays'
  })
  expect(judged).toEqual(asked.slice(1))
  expect(waiting.size).toBe(1)
  waiting.refuseAll()
  expect(waiting.size).toBe(0)
  await expect(all[2]).rejects.toMatchObject({ code: 'limits_unavailable' })
})
