import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { arenaShaped, arenaSpread } from '../../tests/support/arena-shaped.ts'
import { countRow, type GoldenRow, goldenFits } from '../../tests/support/golden-fits.ts'
import { pairsOf, randomRows, ratePairs } from '../../tests/support/rated-board.ts'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { readArenaPairs } from '../../tests/support/shared-data.ts'
import { countRows, countVotes } from './count-votes.ts'
import { fitRatings } from './fit-ratings.ts'
import { measureDesignEffect } from './measure-design-effect.ts'
import { measureDispersion } from './measure-dispersion.ts'
import { measureSpread } from './measure-spread.ts'
import { measureUncertainty } from './measure-uncertainty.ts'
import { POINTS_PER_UNIT, ratingOf } from './points.ts'
import { type Board, rateBoard } from './rate-board.ts'
import { readVoteFile } from './read-vote-file.ts'
import { sandwich } from './sandwich.ts'
import type { Matrix, PairCounts } from './types.ts'
import type { VoteRow } from './types-rows.ts'

const arena = readArenaPairs()

function errorsOf(matrix: Matrix): number[] {
  const n = Math.sqrt(matrix.length)
  return Array.from({ length: n }, (_, i) => POINTS_PER_UNIT * Math.sqrt(matrix[i * n + i] ?? 0))
}

function closeTo(numbers: readonly number[], digits: number): number[] {
  return numbers.map((number) => expect.closeTo(number, digits))
}

function rowOf(board: Board, model: string): GoldenRow {
  const i = board.fit.pairs.models.indexOf(model)
  const nowhere = Number.NaN
  return {
    model,
    rating: ratingOf(board.fit.theta[i] ?? nowhere),
    se: errorsOf(board.uncertainty.V0)[i] ?? nowhere,
    se_total: errorsOf(board.uncertainty.Vtotal)[i] ?? nowhere,
    low: ratingOf(board.intervals.low[i] ?? nowhere),
    high: ratingOf(board.intervals.high[i] ?? nowhere),
  }
}

function goldenRow(golden: GoldenRow): GoldenRow {
  return {
    model: golden.model,
    rating: expect.closeTo(golden.rating, 4),
    se: expect.closeTo(golden.se, 5),
    se_total: expect.closeTo(golden.se_total, 5),
    low: expect.closeTo(golden.low, 4),
    high: expect.closeTo(golden.high, 4),
  }
}

function goldenRowOf({ model, rating, se, se_total, low, high }: GoldenRow): GoldenRow {
  return goldenRow({ model, rating, se, se_total, low, high })
}

describe.each(Object.entries(goldenFits.boards))('the golden board %s', (_, golden) => {
  const board = rateBoard({
    pairs: pairsOf(golden.rating.length, golden.pairs),
    raters: null,
    prompts: null,
  })
  const { uncertainty, intervals } = board

  it('has the golden dispersion, spread and errors', () => {
    expect(uncertainty.dispersion).toBeCloseTo(golden.dispersion, 8)
    expect(uncertainty.spreadExcess).toBeCloseTo(golden.matchup_excess, 6)
    const spread = POINTS_PER_UNIT * Math.sqrt(uncertainty.spread2)
    expect(spread).toBeCloseTo(golden.matchup_spread, 5)
    expect(errorsOf(uncertainty.V0)).toEqual(closeTo(golden.se, 5))
    expect(errorsOf(uncertainty.Vtotal)).toEqual(closeTo(golden.se_total, 5))
  })

  it('has the golden intervals', () => {
    const low = golden.interval95.map(([from]) => from)
    const high = golden.interval95.map(([, to]) => to)
    expect(Array.from(intervals.low, ratingOf)).toEqual(closeTo(low, 4))
    expect(Array.from(intervals.high, ratingOf)).toEqual(closeTo(high, 4))
  })
})

describe('real votes', () => {
  it.skipIf(arena === null)(
    'of a large arena (../shared, skipped where it is not there) have the golden board',
    () => {
      const board = rateBoard({ pairs: arena as PairCounts, raters: null, prompts: null })
      const golden = goldenFits.arena_20240814
      const { dispersion, spread2, spreadExcess } = board.uncertainty
      expect(dispersion).toBeCloseTo(golden.dispersion, 8)
      expect(spreadExcess).toBeCloseTo(golden.matchup_excess, 7)
      expect(POINTS_PER_UNIT * Math.sqrt(spread2)).toBeCloseTo(golden.matchup_spread, 7)
      for (const top of golden.top) expect(rowOf(board, top.model)).toEqual(goldenRowOf(top))
    },
  )

  it('of 124 people on 13 prompts have the golden board', () => {
    const path = join(import.meta.dirname, '../../tests/fixtures/ratings/llmfao-votes.csv')
    const file = readVoteFile(readFileSync(path, 'utf8'))
    const { votes } = countVotes(file.rows as readonly VoteRow[])
    const board = rateBoard(votes)
    const golden = goldenFits.llmfao
    const { dispersion, spread2, spreadExcess, designEffect } = board.uncertainty
    expect(votes.pairs.models.length).toBe(golden.models)
    expect(dispersion).toBeCloseTo(golden.dispersion, 8)
    expect(designEffect.rater).toBeCloseTo(golden.design_effect.rater, 7)
    expect(designEffect.prompt).toBeCloseTo(golden.design_effect.prompt, 7)
    expect(designEffect.total).toBeCloseTo(golden.design_effect_total, 7)
    expect(spreadExcess).toBeCloseTo(golden.matchup_excess, 7)
    expect(POINTS_PER_UNIT * Math.sqrt(spread2)).toBeCloseTo(golden.matchup_spread, 6)
    for (const row of golden.board) expect(rowOf(board, row.model)).toEqual(goldenRowOf(row))
  })
})

describe('the design effect', () => {
  const rows = goldenFits.rater_design_effect.votes.map(
    ([rater, i, j, choice]): VoteRow => ({ modelA: `m${i}`, modelB: `m${j}`, choice, rater }),
  )
  const { votes } = countVotes(rows)
  const fit = fitRatings(votes.pairs)

  it('is the golden one', () => {
    expect(fit.p[0]).toBeCloseTo(goldenFits.rater_design_effect.p, 8)
    const golden = goldenFits.rater_design_effect.design_effect
    expect(measureDesignEffect(fit, votes.raters)).toBeCloseTo(golden, 7)
  })

  it('is 1 where raters are unknown, or one rater cast all votes', () => {
    expect(measureDesignEffect(fit, null)).toBe(1)
    const alone = countVotes(rows.map((row) => ({ ...row, rater: 'A' }))).votes
    expect(measureDesignEffect(fitRatings(alone.pairs), alone.raters)).toBe(1)
    const nobody = countVotes([]).votes
    expect(measureDesignEffect(fitRatings(nobody.pairs), votes.prompts)).toBe(1)
  })

  it('of unknown raters among known ones is as if each vote had a rater of its own', () => {
    const random = seededRandom(2)
    const many = Array.from(
      { length: 300 },
      (_, vote): VoteRow => ({
        modelA: `a${random.below(5)}`,
        modelB: `b${random.below(5)}`,
        choice: random.pick(['a', 'b', 'tie', 'both_bad']),
        rater: vote % 3 === 0 ? null : `r${random.below(4)}`,
      }),
    )
    const known = countVotes(many.map((row, at) => ({ ...row, rater: row.rater ?? `only ${at}` })))
    const partly = countVotes(many)
    const whole = fitRatings(known.votes.pairs)
    const effect = measureDesignEffect(whole, known.votes.raters)
    expect(effect).toBeGreaterThan(1)
    expect(measureDesignEffect(whole, partly.votes.raters)).toBeCloseTo(effect, 9)
  })

  it('of raters who vote once each is that of so many raters', () => {
    const once = countVotes(rows.map((row, at) => ({ ...row, rater: `r${at}` }))).votes
    expect(measureDesignEffect(fitRatings(once.pairs), once.raters)).toBeCloseTo(6 / 5, 12)
  })

  it('that is stated takes the place of the measured one; V₀ widens by the total', () => {
    const stated = measureUncertainty(fit, votes, { prompt: 3 })
    expect(stated.designEffect.prompt).toBe(3)
    expect(stated.designEffect.total).toBeCloseTo(stated.designEffect.rater + 2, 12)
    expect(stated.Vtotal[0]).toBeCloseTo((stated.V0[0] ?? 0) * stated.designEffect.total, 12)
    const both = measureUncertainty(fit, votes, { rater: 2, prompt: 1 })
    expect(both.designEffect).toEqual({ rater: 2, prompt: 1, total: 2 })
  })
})

describe('the parts of what is uncertain', () => {
  const { fit, uncertainty } = ratePairs(pairsOf(7, randomRows(5, 7)))

  it('V·Lap·V of weights N·pq is V again', () => {
    const again = sandwich(fit, fit.weight)
    again.forEach((value, entry) => {
      expect(value).toBeCloseTo(fit.V[entry] ?? Number.NaN, 12)
    })
  })

  it('of a model are 0 along the gauge', () => {
    for (const matrix of [uncertainty.V0, uncertainty.Vtotal])
      expect(matrix.slice(0, 7).reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 12)
  })

  it('fall on votes that are doubled: half the variance, the same dispersion', () => {
    const pairs = arenaShaped(4, { models: 20, pairs: 150, votes: 90_000 })
    const double = (column: Float64Array): Float64Array => column.map((votes) => votes * 2)
    const twice = {
      ...pairs,
      firstWins: double(pairs.firstWins),
      secondWins: double(pairs.secondWins),
      ties: double(pairs.ties),
      bothBad: double(pairs.bothBad),
    }
    const [one, two] = [ratePairs(pairs).uncertainty, ratePairs(twice).uncertainty]
    expect(two.dispersion / one.dispersion).toBeCloseTo(1, 2)
    expect((one.V0[0] ?? 0) / (two.V0[0] ?? 0)).toBeCloseTo(2, 1)
  })

  it('a spread that was put there is found, and none where there is none', () => {
    const found = [1, 2, 3, 4].map((seed) => {
      const pairs = arenaShaped(seed, { models: 40, pairs: 700, votes: 400_000 })
      return POINTS_PER_UNIT * Math.sqrt(measureSpread(fitRatings(pairs)).spread2)
    })
    for (const spread of found)
      expect(Math.abs(spread - arenaSpread * POINTS_PER_UNIT)).toBeLessThan(2)
    const tree = ratePairs(
      pairsOf(3, [
        [0, 1, 9, 1, 0],
        [1, 2, 1, 9, 0],
      ]),
    ).uncertainty
    expect([tree.spread2, tree.spreadDf, tree.spreadExcess]).toEqual([0, 0, 1])
  })

  it('a board without votes has none', () => {
    const nothing = countRows([], { models: ['a', 'b'] }).votes
    const board = rateBoard(nothing)
    expect([...board.uncertainty.Vtotal]).toEqual([0, 0, 0, 0])
    expect(board.uncertainty.dispersion).toBe(0.8)
    expect(measureDispersion(board.fit).edgeVariance.length).toBe(0)
    expect([board.intervals.low[0], board.intervals.high[0]]).toEqual([-Infinity, Infinity])
  })

  it('a pair of a billion votes beside one of a single vote stays finite', () => {
    const rows = [countRow(['a', 'b'], 6e8, 4e8), countRow(['b', 'c'], 1, 0)]
    const board = rateBoard(countRows(rows).votes)
    expect(board.uncertainty.Vtotal.every(Number.isFinite)).toBe(true)
    expect(board.intervals.low.every(Number.isFinite)).toBe(true)
    expect(board.intervals.high.every(Number.isFinite)).toBe(true)
  })
})
