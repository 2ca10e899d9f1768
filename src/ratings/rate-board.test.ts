import { expect, it } from 'vitest'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { countRows } from './count-votes.ts'
import { rateBoard } from './rate-board.ts'
import type { CountRow } from './types-rows.ts'

/** Rows of any shape: few pairs or many, one vote or 10¹² of them, islands, self-play, parts. */
function wildRows(seed: number): CountRow[] {
  const random = seededRandom(seed)
  const models = 2 + random.below(12)
  const volumes = [1, 1, 3, 10, 1e3, 1e6, 1e9, 1e12] as const
  return Array.from({ length: 1 + random.below(3 * models) }, () => {
    const volume = random.pick(volumes)
    const count = (): number => {
      if (random.next() < 0.35) return 0
      return Math.floor(random.next() * volume) + (random.next() < 0.1 ? 0.3 : 0)
    }
    const [modelA, modelB] = [`m${random.below(models)}`, `m${random.below(models)}`]
    return { modelA, modelB, aWins: count(), bWins: count(), ties: count(), bothBad: count() }
  })
}

it('measures raters who repeat themselves by the penalised fit, whatever the method', () => {
  const rows = ['ann', 'bob', 'eve', 'kim'].flatMap((rater, at): CountRow[] => [
    { modelA: 'a', modelB: 'b', aWins: 1 + 8 * at, bWins: 9, ties: 0, bothBad: 0, rater },
    { modelA: 'b', modelB: 'c', aWins: 25 - 8 * at, bWins: 3, ties: 1, bothBad: 0, rater },
    { modelA: 'a', modelB: 'c', aWins: 9, bWins: 6 * at, ties: 0, bothBad: 0, rater },
  ])
  const { votes } = countRows(rows)
  const { designEffect } = rateBoard(votes).uncertainty
  const plain = rateBoard(votes, { method: 'mle' }).uncertainty.designEffect
  expect(designEffect.rater).toBeGreaterThan(2)
  expect(plain.rater).toBeCloseTo(designEffect.rater, 9)
  const stated = rateBoard(votes, { method: 'mle', stated: { prompt: 3 } }).uncertainty
  expect(stated.designEffect.total).toBeCloseTo(designEffect.rater + 2, 9)
})

it.each([1, 2, 3, 4, 5, 6, 7, 8])('boards of any shape are rated (hundred %i)', (hundred) => {
  for (let seed = 100 * hundred; seed < 100 * hundred + 100; seed += 1) {
    const { votes } = countRows(wildRows(seed))
    const random = seededRandom(seed)
    const theta = Float64Array.from(votes.pairs.models, () => 100 * random.next())
    const start = { pairs: votes.pairs, theta }
    const { fit, uncertainty, intervals } = rateBoard(votes, seed % 3 === 0 ? { start } : {})
    const about = `board ${seed}`
    expect(fit.gradientNorm / Math.max(1, ...fit.N), about).toBeLessThan(1e-11)
    for (const numbers of [fit.theta, fit.V, uncertainty.V0, uncertainty.Vtotal])
      expect(numbers.every(Number.isFinite), about).toBe(true)
    expect(uncertainty.spread2, about).toBeGreaterThanOrEqual(0)
    for (const [i, strength] of fit.theta.entries()) {
      expect(intervals.low[i], about).toBeLessThan(strength)
      expect(intervals.high[i], about).toBeGreaterThan(strength)
    }
  }
})
