import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type GivenUp, GroupCommit } from './group-commit.ts'

/** A writer whose writes end when the test says so. */
function handWriter() {
  const groups: number[][] = []
  const open: {
    resolve: (givenUp: GivenUp<number>) => void
    reject: (error: Error) => void
  }[] = []
  let running = 0
  let mostRunning = 0
  return {
    groups,
    write: (items: readonly number[]) => {
      groups.push([...items])
      running += 1
      mostRunning = Math.max(mostRunning, running)
      return new Promise<GivenUp<number>>((resolve, reject) =>
        open.push({ resolve, reject }),
      ).finally(() => {
        running -= 1
      })
    },
    async end(error?: Error, givenUp: [number, Error][] = []) {
      const write = open.shift()
      if (error === undefined) write?.resolve(new Map(givenUp))
      else write?.reject(error)
      await turn()
    },
    get mostRunning() {
      return mostRunning
    },
  }
}

const noWait = () => Promise.resolve()
let nowMs = 0
const LONG_MS = 60_000
const timers: { atMs: number; call: () => void }[] = []
const clock = {
  nowMs: () => nowMs,
  after: (delayMs: number, call: () => void) => void timers.push({ atMs: nowMs + delayMs, call }),
  endOfTurn: (call: () => void) => void setImmediate(call),
  lateError: () => new Error('late'),
}
/** Lets time pass, and timers fire. */
function pass(ms: number): void {
  nowMs += ms
  for (const timer of timers.splice(0))
    if (timer.atMs <= nowMs) timer.call()
    else timers.push(timer)
}

describe('GroupCommit', () => {
  it('lets who waits while a write runs go with the next one, in order', async () => {
    const writer = handWriter()
    const commits = new GroupCommit({ ...clock, write: writer.write, wait: noWait, maxGroup: 100 })
    const done: number[] = []
    for (const item of [1, 2]) void commits.add(item, LONG_MS).then(() => done.push(item))
    await turn()
    for (const item of [3, 4, 5]) void commits.add(item, LONG_MS).then(() => done.push(item))
    await turn()
    expect(writer.groups).toEqual([[1, 2]])
    expect(done).toEqual([])
    expect(commits.pendingCount).toBe(5)
    await writer.end()
    expect(done).toEqual([1, 2])
    expect(writer.groups).toEqual([
      [1, 2],
      [3, 4, 5],
    ])
    await writer.end()
    expect(done).toEqual([1, 2, 3, 4, 5])
    expect(commits.pendingCount).toBe(0)
    expect(writer.mostRunning).toBe(1)
  })

  it('writes no group larger than allowed', async () => {
    const writer = handWriter()
    const commits = new GroupCommit({ ...clock, write: writer.write, wait: noWait, maxGroup: 2 })
    for (let item = 1; item <= 5; item += 1) void commits.add(item, LONG_MS)
    for (let round = 0; round < 3; round += 1) {
      await turn()
      await writer.end()
    }
    expect(writer.groups).toEqual([[1, 2], [3, 4], [5]])
  })

  it('writes a group again, whole, until it works, and nobody hears of it before', async () => {
    const writer = handWriter()
    const attempts: number[] = []
    const wait = async (attempt: number) => {
      attempts.push(attempt)
    }
    const commits = new GroupCommit({ ...clock, write: writer.write, wait, maxGroup: 100 })
    let isDone = false
    void commits.add(1, LONG_MS).then(() => {
      isDone = true
    })
    await turn()
    void commits.add(2, LONG_MS)
    await writer.end(new Error('the database is away'))
    await writer.end(new Error('still'))
    expect(isDone).toBe(false)
    expect(writer.groups).toEqual([[1], [1], [1]])
    expect(attempts).toEqual([1, 2])
    await writer.end()
    expect(isDone).toBe(true)
    expect(writer.groups.at(-1)).toEqual([2])
    await writer.end()
  })

  it('drains once all that was added is written, and at once when there is nothing', async () => {
    const writer = handWriter()
    const commits = new GroupCommit({ ...clock, write: writer.write, wait: noWait, maxGroup: 1 })
    await commits.drain()
    void commits.add(1, LONG_MS)
    void commits.add(2, LONG_MS)
    let isDrained = false
    const drained = commits.drain().then(() => {
      isDrained = true
    })
    await turn()
    await writer.end()
    expect(isDrained).toBe(false)
    await writer.end()
    await drained
    void commits.add(3, LONG_MS)
    await turn()
    await writer.end()
    await commits.drain()
    expect(writer.groups).toEqual([[1], [2], [3]])
  })

  it('commits each of many concurrent items exactly once', async () => {
    const written: number[] = []
    let running = 0
    const write = async (items: readonly number[]) => {
      running += 1
      expect(running).toBe(1)
      await turn()
      written.push(...items)
      running -= 1
      return new Map<number, Error>()
    }
    const commits = new GroupCommit({ ...clock, write, wait: noWait, maxGroup: 50 })
    const items = Array.from({ length: 2_000 }, (_, at) => at)
    await Promise.all(
      items.map(async (item) => {
        for (let turns = item % 7; turns > 0; turns -= 1) await turn()
        await commits.add(item, LONG_MS)
        expect(written).toContain(item)
      }),
    )
    expect(written.toSorted((a, b) => a - b)).toEqual(items)
  })

  it('rejects what the writer gave up, and nothing else of its group', async () => {
    const writer = handWriter()
    const commits = new GroupCommit({ ...clock, write: writer.write, wait: noWait, maxGroup: 100 })
    const outcomes = Promise.allSettled([1, 2, 3].map((item) => commits.add(item, LONG_MS)))
    await turn()
    await writer.end(undefined, [[2, new Error('never')]])
    expect((await outcomes).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
    expect(commits.pendingCount).toBe(0)
  })

  it('tells who waited too long, once each, and writes the item all the same', async () => {
    const writer = handWriter()
    const commits = new GroupCommit({ ...clock, write: writer.write, wait: noWait, maxGroup: 100 })
    const told: string[] = []
    const add = (item: number, timeoutMs: number): void =>
      void commits.add(item, timeoutMs).then(
        () => told.push(`${item} written`),
        () => told.push(`${item} late`),
      )
    add(1, 1_000)
    await turn()
    pass(600)
    add(2, 1_000)
    add(3, 100)
    pass(100)
    await turn()
    expect(told).toEqual(['3 late'])
    pass(300)
    await turn()
    expect(told).toEqual(['3 late', '1 late'])
    await writer.end()
    await writer.end()
    pass(1_000)
    await turn()
    expect(writer.groups).toEqual([[1], [2, 3]])
    expect(told).toEqual(['3 late', '1 late', '2 written'])
  })

  it('tells how long the oldest has waited, and writes nothing more once stopped', async () => {
    const writer = handWriter()
    const commits = new GroupCommit({ ...clock, write: writer.write, wait: noWait, maxGroup: 100 })
    expect(commits.oldestAgeMs).toBe(0)
    void commits.add(1, LONG_MS)
    await turn()
    nowMs += 1_500
    void commits.add(2, LONG_MS)
    expect(commits.oldestAgeMs).toBe(1_500)
    commits.stop()
    await writer.end(new Error('the database is away'))
    await commits.drain()
    expect(writer.groups).toEqual([[1]])
    expect(commits.pending).toEqual([1, 2])
  })
})
