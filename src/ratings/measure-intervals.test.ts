import { describe, expect, it } from 'vitest'
import { countRow, goldenFits } from '../../tests/support/golden-fits.ts'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { countRows } from './count-votes.ts'
import { measureIntervals, Z95 } from './measure-intervals.ts'
import { MEAN_POINTS, ratingOf, strengthOf } from './points.ts'
import { profileOf, type Results } from './profile.ts'
import { rateBoard } from './rate-board.ts'

/** f of the recipe, straight from its formula. */
function plainProfile({ theta, votes, points }: Results, r: number): number {
  let [logLikelihood, information] = [0, 0]
  theta.forEach((strength, o) => {
    const [n, s] = [votes[o] ?? 0, points[o] ?? 0]
    const p = 1 / (1 + Math.exp(strength - r))
    logLikelihood += s * Math.log(p) + (n - s) * Math.log(1 - p)
    information += n * p * (1 - p)
  })
  return logLikelihood + Math.log(information) / 2
}

describe('the profile of a newcomer', () => {
  it('of ten wins of ten is the golden one', () => {
    const results = { theta: [0.2, -0.1, 0], votes: [4, 3, 3], points: [4, 3, 3] }
    const { mode, low, high } = profileOf(results, (Z95 ** 2 * 0.65) / 2)
    const golden = goldenFits.newcomer_ten_wins
    expect([mode, low, high]).toEqual([
      expect.closeTo(golden.mode, 7),
      expect.closeTo(golden.low, 7),
      expect.closeTo(golden.high, 7),
    ])
  })

  it('turns with its results', () => {
    const won = profileOf({ theta: [0.2, -1], votes: [5, 2], points: [5, 1] }, 1)
    const lost = profileOf({ theta: [-0.2, 1], votes: [5, 2], points: [0, 1] }, 1)
    expect(lost.mode).toBeCloseTo(-won.mode, 9)
    expect([lost.low, lost.high]).toEqual([
      expect.closeTo(-won.high, 9),
      expect.closeTo(-won.low, 9),
    ])
  })

  it('is the global one, with the outermost points at the drop, whatever the results', () => {
    const random = seededRandom(8)
    for (let round = 0; round < 300; round += 1) {
      const count = 1 + random.below(5)
      const spread = random.pick([0.5, 3, 12])
      const votes = Array.from({ length: count }, () => 1 + random.below(9))
      const results = {
        theta: votes.map(() => spread * (random.next() - 0.5)),
        votes,
        points: votes.map((n) => random.below(2 * n + 1) / 2),
      }
      const drop = 0.3 + 3 * random.next()
      const { mode, low, high } = profileOf(results, drop)
      const top = plainProfile(results, mode)
      expect(plainProfile(results, low)).toBeCloseTo(top - drop, 6)
      expect(plainProfile(results, high)).toBeCloseTo(top - drop, 6)
      for (let r = -20; r <= 20; r += 0.1) {
        const value = plainProfile(results, r)
        expect(value).toBeLessThan(top + 1e-9)
        if (value > top - drop + 1e-6) expect(r > low && r < high).toBe(true)
      }
    }
  })

  it('is finite for a model far off, with thousands of wins and no information', () => {
    const { mode, low, high } = profileOf({ theta: [0], votes: [4_000], points: [4_000] }, 200)
    expect(mode).toBeCloseTo(Math.log(8_001), 6)
    expect([low, high].every(Number.isFinite)).toBe(true)
    expect(high).toBeGreaterThan(400)
  })
})

describe('intervals', () => {
  it('of who has few votes are wider to the side where there is nothing', () => {
    const rows = [countRow(['new', 'old'], 10, 0), countRow(['old', 'other'], 300, 280)]
    const { fit, intervals } = rateBoard(countRows(rows).votes)
    const i = fit.pairs.models.indexOf('new')
    const theta = fit.theta[i] ?? 0
    const up = (intervals.high[i] ?? 0) - theta
    expect(up).toBeGreaterThan(1.5 * (theta - (intervals.low[i] ?? 0)))
    const old = fit.pairs.models.indexOf('other')
    const middle = ((intervals.low[old] ?? 0) + (intervals.high[old] ?? 0)) / 2
    expect(middle).toBeCloseTo(fit.theta[old] ?? 0, 12)
  })

  it('of other confidence are wider or narrower', () => {
    const rows = [countRow(['a', 'b'], 10, 4), countRow(['b', 'c'], 300, 280)]
    const { fit, uncertainty, intervals } = rateBoard(countRows(rows).votes)
    const narrow = measureIntervals(fit, uncertainty, 1)
    narrow.low.forEach((low, i) => {
      expect(low).toBeGreaterThan(intervals.low[i] ?? 0)
      expect(narrow.high[i] ?? 0).toBeLessThan(intervals.high[i] ?? 0)
    })
  })

  it('of a model without votes know nothing', () => {
    const counted = countRows([countRow(['a', 'b'], 1, 0)], { models: ['c'] })
    const { intervals } = rateBoard(counted.votes)
    expect([intervals.low[2], intervals.high[2]]).toEqual([-Infinity, Infinity])
    expect(Number.isFinite(intervals.low[0])).toBe(true)
  })
})

it('a rating is a strength in points, and back', () => {
  expect(ratingOf(0)).toBe(MEAN_POINTS)
  expect(ratingOf(Math.LN10)).toBeCloseTo(1400, 10)
  expect(strengthOf(ratingOf(0.7))).toBeCloseTo(0.7, 12)
})
