import { expect, test } from 'vitest'
import { goldenVerdict } from '../../tests/support/golden-verdict.ts'
import { pairsOf, type Row, rateGolden, ratePairs } from '../../tests/support/rated-board.ts'
import { claimBoard } from './claim-board.ts'
import { countVotesNeeded, votesToCertify } from './count-votes-needed.ts'

const POINTS = 400 / Math.LN10

test.each(goldenVerdict.votes_to_certify)(
  'a gap of $gap_points points at T = $threshold takes $votes votes',
  ({ gap_points, threshold, dispersion, s2, votes }) => {
    const needed = votesToCertify({ gap: gap_points / POINTS, threshold, dispersion })
    expect(needed.variance / s2).toBeCloseTo(1, 6)
    expect(needed.votes).toBe(votes)
  },
)

const open = { bar: null, raters: null, largestShare: null, isOnePerson: false } as const

test('growing all votes by the factor that is told certifies a claim without spread, and no less does', () => {
  const rows: Row[] = [
    [0, 1, 30, 18, 12],
    [1, 2, 33, 21, 12],
    [0, 2, 38, 14, 12],
  ]
  const board = ratePairs(pairsOf(3, rows))
  const { logThreshold } = claimBoard(board)
  const needed = countVotesNeeded(board, { logThreshold, rules: open }, [0, 1])
  if (needed.kind !== 'votes') throw new Error(needed.kind)
  expect(needed.moreVotes).toBe(Math.ceil((needed.factor - 1) * 190))
  const grown = (factor: number) => {
    const { Vtotal, V0 } = board.uncertainty
    const scale = (matrix: Float64Array) => matrix.map((value) => value / factor)
    const uncertainty = { ...board.uncertainty, Vtotal: scale(Vtotal), V0: scale(V0) }
    return countVotesNeeded({ ...board, uncertainty }, { logThreshold, rules: open }, [0, 1]).kind
  }
  expect(board.uncertainty.spread2).toBe(0)
  expect(grown(needed.factor * 1.0001)).toBe('certified')
  expect(grown(needed.factor * 0.9999)).toBe('votes')
})

test('votes that repeat themselves are needed in as much larger numbers', () => {
  const { votes, fit, uncertainty } = ratePairs(pairsOf(2, [[0, 1, 33, 21, 12]]))
  const factorAt = (total: number) => {
    const designEffect = { rater: total, prompt: 1, total }
    const Vtotal = uncertainty.V0.map((value) => total * value)
    const board = { votes, fit, uncertainty: { ...uncertainty, designEffect, Vtotal } }
    const needed = countVotesNeeded(board, { logThreshold: 4, rules: open }, [0, 1])
    if (needed.kind !== 'votes') throw new Error(needed.kind)
    return needed.factor
  }
  expect(factorAt(6) / factorAt(2)).toBeCloseTo(3, 9)
})

test('where matchups differ more than models, no number of votes settles it', () => {
  const { board } = rateGolden('rock_paper_scissors')
  expect(countVotesNeeded(board, claimBoard(board), [1, 2])).toEqual({
    kind: 'never',
    reason: 'matchups_differ',
  })
})

test('equal models, and the worse of two, are never certified better', () => {
  const board = ratePairs(pairsOf(2, [[0, 1, 20, 20, 5]]))
  const never = { kind: 'never', reason: 'no_gap' }
  expect(countVotesNeeded(board, claimBoard(board), [0, 1])).toEqual(never)
  expect(
    countVotesNeeded(ratePairs(pairsOf(2, [[0, 1, 9, 4, 0]])), claimBoard(board), [1, 0]),
  ).toEqual(never)
})

test('what is certified needs nothing; what only raters bar needs raters', () => {
  const board = ratePairs(pairsOf(2, [[0, 1, 300, 20, 5]]))
  const claims = claimBoard(board)
  expect(countVotesNeeded(board, claims, [0, 1])).toEqual({ kind: 'certified' })
  const rules = { ...open, bar: 'too_few_raters' as const, raters: 3 }
  expect(countVotesNeeded(board, { ...claims, rules }, [0, 1])).toEqual({
    kind: 'raters',
    bar: 'too_few_raters',
  })
})
