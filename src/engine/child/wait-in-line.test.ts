import { describe, expect, it } from 'vitest'
import { openLine } from './wait-in-line.ts'

const stays = new AbortController().signal
const line = (more = {}) =>
  openLine({ places: 1, maxLength: 2, maxWaitMs: 1_000, monotonicMs: () => 0, ...more })

describe('the line in front of a model', () => {
  it('admits in the order of arrival', async () => {
    const l = line()
    const order: string[] = []
    const leave = await l.enter(stays)
    const waiting = ['first', 'second'].map(async (name) => {
      const done = await l.enter(stays)
      order.push(name)
      done()
    })
    expect([l.runningCount, l.waitingCount]).toEqual([1, 2])
    leave()
    await Promise.all(waiting)
    expect(order).toEqual(['first', 'second'])
    expect([l.runningCount, l.waitingCount]).toEqual([0, 0])
  })

  it('refuses when it is full, with the time after which to try again', async () => {
    const l = line({ maxLength: 0 })
    await l.enter(stays)
    await expect(l.enter(stays)).rejects.toMatchObject({
      code: 'engine_busy',
      retryAfterSeconds: 1,
    })
  })

  it('refuses whoever waited too long and lets the next one through', async () => {
    const l = line({ maxWaitMs: 20 })
    const leave = await l.enter(stays)
    await expect(l.enter(stays)).rejects.toMatchObject({ code: 'engine_busy' })
    leave()
    await expect(l.enter(stays)).resolves.toBeTypeOf('function')
  })

  it('forgets who goes away while waiting', async () => {
    const l = line()
    const gone = new AbortController()
    const leave = await l.enter(stays)
    const left = l.enter(gone.signal)
    gone.abort(new Error('gone'))
    await expect(left).rejects.toThrow('gone')
    expect(l.waitingCount).toBe(0)
    leave()
    expect(l.runningCount).toBe(0)
  })

  it('takes a place back only once', async () => {
    const l = line()
    const leave = await l.enter(stays)
    leave()
    leave()
    expect(l.runningCount).toBe(0)
  })
})
