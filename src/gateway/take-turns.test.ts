import { setImmediate as nextRound } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { openTurns } from './take-turns.ts'

/** A step that writes its name so many times. */
function work(name: string, count: number, log: string[]): () => 'more' | 'done' {
  let left = count
  return () => {
    log.push(name)
    left -= 1
    return left > 0 ? 'more' : 'done'
  }
}

describe('openTurns', () => {
  it('takes one step a round, in turn, and none at once', async () => {
    const log: string[] = []
    const turns = openTurns()
    turns.run(work('a', 3, log))
    turns.run(work('b', 1, log))
    turns.run(work('c', 2, log))
    expect(log).toEqual([])
    const counts: number[] = []
    for (let round = 0; round < 8; round += 1) {
      await nextRound()
      counts.push(log.length)
    }
    expect(log.join('')).toBe('abcaca')
    expect(counts.every((count, index) => count - (counts[index - 1] ?? 0) <= 1)).toBe(true)
  })

  it('goes on with later work once all was done', async () => {
    const log: string[] = []
    const turns = openTurns()
    turns.run(work('a', 1, log))
    for (let round = 0; round < 3; round += 1) await nextRound()
    turns.run(work('b', 2, log))
    for (let round = 0; round < 4; round += 1) await nextRound()
    expect(log.join('')).toBe('abb')
  })
})
