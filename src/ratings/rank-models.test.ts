import { expect, test } from 'vitest'
import { pairsOf, randomRows, ratePairs } from '../../tests/support/rated-board.ts'
import { claimBoard } from './claim-board.ts'
import { rankModels } from './rank-models.ts'

test('tiers and ranks never contradict a certified claim', () => {
  let certified = 0
  for (let seed = 1; seed <= 60; seed++) {
    const n = 3 + (seed % 9)
    const rows = randomRows(seed, n).map(([a, b, ...counts]) => {
      const [wins = 0, losses = 0, ties = 0] = counts.map((count) => count * 5)
      return [a, b, wins, losses, ties] as const
    })
    const board = ratePairs(pairsOf(n, rows))
    const claims = claimBoard(board)
    const standings = rankModels(board.fit, claims)
    for (const { better, worse, status } of claims.claims) {
      if (status !== 'certified') continue
      certified += 1
      const [above, below] = [standings[better], standings[worse]]
      expect(above?.tier).toBeLessThan(below?.tier ?? 0)
      expect(above?.rankLow).toBeLessThan(below?.rankLow ?? 0)
      expect(above?.rankHigh).toBeLessThan(below?.rankHigh ?? 0)
    }
    for (const { rankLow, rankHigh } of standings) expect(rankLow).toBeLessThanOrEqual(rankHigh)
    const tiers = new Set(standings.map(({ tier }) => tier))
    expect(Math.max(...tiers)).toBe(tiers.size)
  }
  expect(certified).toBeGreaterThan(200)
})

test('models that nothing tells apart share tier 1 and every rank', () => {
  const board = ratePairs(
    pairsOf(3, [
      [0, 1, 5, 5, 2],
      [1, 2, 4, 5, 1],
    ]),
  )
  const standings = rankModels(board.fit, claimBoard(board))
  expect(standings).toEqual(new Array(3).fill({ rankLow: 1, rankHigh: 3, tier: 1 }))
})

test('a model without votes stands alone', () => {
  const board = ratePairs(pairsOf(3, [[0, 1, 5, 5, 2]]))
  expect(rankModels(board.fit, claimBoard(board))[2]).toEqual({ rankLow: 1, rankHigh: 1, tier: 1 })
})
