import { expect, it } from 'vitest'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { followMoves } from './follow-moves.ts'

it('goes on where numbers are whole, and keeps those beyond a gap', () => {
  const follower = followMoves({ low: 0, extra: [] })
  follower.read({ seqs: [1, 2, 4], oldestRunning: 10, nextToBegin: 12 })
  expect(follower.through()).toEqual({ low: 2, extra: [4] })
  follower.read({ seqs: [3], oldestRunning: 11, nextToBegin: 12 })
  expect(follower.through()).toEqual({ low: 4, extra: [] })
})

it('gives a number up once every transaction of that moment has ended', () => {
  const follower = followMoves({ low: 0, extra: [] })
  follower.read({ seqs: [2], oldestRunning: 10, nextToBegin: 12 })
  follower.read({ seqs: [], oldestRunning: 11, nextToBegin: 15 })
  expect(follower.through()).toEqual({ low: 0, extra: [2] })
  follower.read({ seqs: [], oldestRunning: 12, nextToBegin: 15 })
  expect(follower.through()).toEqual({ low: 2, extra: [] })
})

it.each([1, 2, 3, 4, 5])('misses nothing that commits late, and ends whole (seed %i)', (seed) => {
  const random = seededRandom(seed)
  const follower = followMoves({ low: 0, extra: [] })
  const running: { xid: number; seq: number }[] = []
  const visible = new Set<number>()
  const read = new Set<number>()
  let [xid, seq] = [1, 0]
  for (let step = 0; step < 500 || running.length > 0; step += 1) {
    if (step < 500 && random.next() < 0.6) running.push({ xid: xid++, seq: ++seq })
    if (random.next() < 0.5 && running.length > 0) {
      const [ended] = running.splice(random.below(running.length), 1)
      if (ended !== undefined && random.next() < 0.8) visible.add(ended.seq)
    }
    const { low, extra } = follower.through()
    const seqs = [...visible].filter((one) => one > low && !extra.includes(one))
    for (const one of seqs) read.add(one)
    const oldestRunning = Math.min(xid, ...running.map((one) => one.xid))
    follower.read({ seqs, oldestRunning, nextToBegin: xid })
  }
  follower.read({ seqs: [], oldestRunning: xid, nextToBegin: xid })
  expect([...read].sort()).toEqual([...visible].sort())
  expect(follower.through().extra).toEqual([])
})
