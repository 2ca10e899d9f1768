import { describe, expect, it } from 'vitest'
import { readArenaPairs, readSharedData } from '../../tests/support/shared-data.ts'
import { countRows } from './count-votes.ts'
import { fitArenaRank } from './fit-arena-rank.ts'
import { POINTS_PER_UNIT, ratingOf } from './points.ts'

const arena = readArenaPairs()
const reference = readSharedData('reference/reference-arena-20240814.json')

describe('arena-rank, for comparison', () => {
  it.skipIf(arena === null || reference === null).each([
    ['arena_rank', false],
    ['arena_rank_reweighted', true],
  ] as const)('%s: its errors are met, its ratings as far as it goes', (name, isReweighted) => {
    if (arena === null || reference === null) return
    const published = JSON.parse(reference).tables[name]
    const fit = fitArenaRank(arena, { isReweighted })
    for (const [i, model] of arena.models.entries()) {
      const { rating, variance } = published[model]
      expect(Math.abs(ratingOf(fit.theta[i] ?? 0) - rating)).toBeLessThan(0.33)
      const se = POINTS_PER_UNIT * Math.sqrt(fit.variance[i] ?? 0)
      expect(Math.abs(se / Math.sqrt(variance) - 1)).toBeLessThan(1e-3)
    }
  })

  it('reweighted, counts pairs of fewer than 50 votes by their votes', () => {
    const row = (modelA: string, modelB: string, aWins: number, bWins: number) => {
      return { modelA, modelB, aWins, bWins, ties: 0, bothBad: 0 }
    }
    const rated = (last: number, isReweighted: boolean) =>
      fitArenaRank(
        countRows([row('a', 'b', 6, 4), row('b', 'c', 20, 10), row('a', 'c', last, last)]).votes
          .pairs,
        { isReweighted },
      ).theta
    for (const [i, theta] of rated(20, false).entries())
      expect(rated(20, true)[i]).toBeCloseTo(theta, 9)
    expect(Math.abs((rated(200, true)[0] ?? 0) - (rated(200, false)[0] ?? 0))).toBeGreaterThan(0.01)
  })

  it('has the sandwich of two models in closed form, but for what it adds', () => {
    const counts = { modelA: 'x', modelB: 'y', aWins: 30, bWins: 18, ties: 12, bothBad: 0 }
    const fit = fitArenaRank(countRows([counts]).votes.pairs)
    const p = 36 / 60
    const r2 = 30 * (1 - p) ** 2 + 18 * p ** 2 + 12 * (0.5 - p) ** 2
    const bread = 2 * 60 * p * (1 - p) + 60e-5
    expect(fit.theta[0]).toBeCloseTo(Math.log(p / (1 - p)) / 2, 12)
    expect(fit.variance[0]).toBeCloseTo(r2 / bread ** 2, 12)
    expect((fit.high[0] ?? 0) - (fit.theta[0] ?? 0)).toBeCloseTo(
      1.959964 * Math.sqrt(fit.variance[0] ?? 0),
      6,
    )
  })
})
