import { expect, it } from 'vitest'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { Computing, SharedTime } from './share-time.ts'

it('is the whole time of a request that runs alone', () => {
  const time = new SharedTime()
  const began = time.begin(1_000)
  expect(time.end(began, 1_250)).toBe(250)
  expect(time.end(time.begin(9_000), 9_001)).toBe(1)
})

it('is shared evenly while several run', () => {
  const time = new SharedTime()
  const first = time.begin(0)
  const second = time.begin(100)
  expect(time.end(second, 200)).toBe(50)
  expect(time.end(first, 300)).toBe(100 + 50 + 100)
})

it('adds up to the time in which any ran', () => {
  const random = seededRandom(3)
  const time = new SharedTime()
  const running: number[] = []
  let nowMs = 0
  let busyMs = 0
  let sumMs = 0
  for (let step = 0; step < 10_000; step += 1) {
    const passedMs = random.below(20)
    if (running.length > 0) busyMs += passedMs
    nowMs += passedMs
    const began = random.below(2) === 0 ? running.pop() : undefined
    if (began === undefined) running.push(time.begin(nowMs))
    else sumMs += time.end(began, nowMs)
  }
  for (const began of running) sumMs += time.end(began, nowMs)
  expect(sumMs).toBeCloseTo(busyMs, 3)
})

it('is each provider’s own', () => {
  const computing = new Computing()
  expect(computing.of('a')).toBe(computing.of('a'))
  expect(computing.of('a')).not.toBe(computing.of('b'))
})
