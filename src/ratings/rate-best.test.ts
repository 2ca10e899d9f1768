import { expect, test } from 'vitest'
import { pairsOf, ratePairs } from '../../tests/support/rated-board.ts'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { logPhi } from './log-phi.ts'
import { rateBest } from './rate-best.ts'

test('of two models the share is that of the normal law, and shares sum to 1', () => {
  const board = ratePairs(pairsOf(2, [[0, 1, 30, 18, 12]]))
  const { fit, uncertainty } = board
  const { next } = seededRandom(4)
  const [one = 0, other = 0] = rateBest(fit, uncertainty, { random: next, draws: 100_000 })
  const gap = (fit.theta[0] ?? 0) * 2
  const spread = Math.sqrt((uncertainty.Vtotal[0] ?? 0) * 4)
  expect(one).toBeCloseTo(Math.exp(logPhi(gap / spread)), 2)
  expect((one ?? 0) + (other ?? 0)).toBeCloseTo(1, 12)
})

test('each island has a best of its own, and a model without votes has no share', () => {
  const board = ratePairs(
    pairsOf(5, [
      [0, 1, 30, 18, 12],
      [2, 3, 9, 18, 12],
    ]),
  )
  const { next } = seededRandom(4)
  const shares = rateBest(board.fit, board.uncertainty, { random: next })
  expect((shares[0] ?? 0) + (shares[1] ?? 0)).toBeCloseTo(1, 12)
  expect((shares[2] ?? 0) + (shares[3] ?? 0)).toBeCloseTo(1, 12)
  expect(shares[4]).toBeNull()
})
