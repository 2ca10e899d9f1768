import { expect, it } from 'vitest'
import type { CurrentBoard } from '../boards/index.ts'
import { readBoard } from './read-board.ts'

it('reads claims by name and shares of wins from a version', () => {
  const row = (name: string, rating: number | null) => ({
    ...{ name, rating, island: 0, se: 1, votes: 50, rankLow: 1, rankHigh: 3, tier: 1 },
    ...{ low: rating, high: rating, acceptability: null, pBest: null },
  })
  const bits = (3 << 0) | (1 << 2) | (2 << 4) // (a,b) certified, (a,c) undecided, (b,c) leaning
  const payload = {
    models: [row('a', 1100), row('b', 1000), row('c', null)],
    claims: Buffer.from([bits]).toString('base64'),
  }
  const board = readBoard({ payload } as unknown as CurrentBoard, 'overall')
  expect(board.claim('a', 'b')).toBe('certified')
  expect(board.claim('b', 'a')).toBe('certified')
  expect(board.claim('c', 'b')).toBe('leaning')
  expect([board.claim('a', 'a'), board.claim('a', 'nobody')]).toEqual([null, null])
  expect([...board.shares.keys()]).toEqual(['a', 'b'])
  expect(board.shares.get('a')).toBeCloseTo(1 / (1 + 10 ** -0.25), 12)
})
