import { describe, expect, it } from 'vitest'
import { readLlmfaoStyle } from '../../tests/support/llmfao.ts'
import { boardOfStyle } from './board-of-style.ts'
import { claimBoard } from './claim-board.ts'
import { countVotes } from './count-votes.ts'
import { fitRatings } from './fit-ratings.ts'
import { fitStyle } from './fit-style.ts'
import { measureIntervals } from './measure-intervals.ts'
import { measureUncertainty } from './measure-uncertainty.ts'
import type { Fit } from './types.ts'
import type { VoteRow } from './types-rows.ts'

const votes = readLlmfaoStyle()
const plain = { ...votes, features: [], contrasts: new Float64Array(0) }
const rows = [...votes.points].map((points, vote): VoteRow => {
  const name = (indexes: Int32Array) => votes.models[indexes[vote] ?? 0] ?? ''
  const choice = points === 1 ? 'a' : points === 0 ? 'b' : 'tie'
  const rater = String(votes.rater?.[vote])
  return { modelA: name(votes.left), modelB: name(votes.right), choice, rater }
})

describe('a board with style taken out', () => {
  it.each([true, false])('is the plain board where there is no style (penalised: %s)', (is) => {
    const options = { hasPosition: false, isPenalised: is }
    const found = boardOfStyle(plain, fitStyle(plain, options))
    const { votes: counted } = countVotes(rows)
    const expected = fitRatings(counted.pairs, { method: is ? 'penalised' : 'mle' })
    expect(found.method).toBe(expected.method)
    expect(found.pairs).toEqual(counted.pairs)
    const columns = ['theta', 'N', 'p', 'q', 'weight', 'R', 'h', 'r2', 'information', 'V'] as const
    for (const column of columns) expectSame(found, expected, column)
  })

  it('has wider errors, intervals and claims like any other', () => {
    const fit = boardOfStyle(votes, fitStyle(votes, { isPenalised: true }))
    const { votes: counted } = countVotes(rows)
    const uncertainty = measureUncertainty(fit, counted)
    const { low, high } = measureIntervals(fit, uncertainty)
    for (const [i, theta] of fit.theta.entries()) {
      expect(low[i]).toBeLessThan(theta)
      expect(high[i]).toBeGreaterThan(theta)
    }
    const widths = [fit, fitRatings(counted.pairs)].map(({ V }) => V[0] ?? 0)
    expect(widths[0]).toBeGreaterThan(widths[1] ?? 0)
    expect(uncertainty.designEffect.rater).toBeGreaterThan(1.2)
    expect(claimBoard({ votes: counted, fit, uncertainty }).claims).toHaveLength((59 * 58) / 2)
  })

  it('is finite from the first vote, where it is penalised', () => {
    const few = {
      models: ['x', 'y'],
      left: Int32Array.of(0, 1),
      right: Int32Array.of(1, 0),
      points: Float64Array.of(1, 0),
      features: ['words'],
      contrasts: Float64Array.of(0.5, -0.5),
      rater: null,
    }
    const style = fitStyle(few, { isPenalised: true })
    expect(style.gradientNorm).toBeLessThan(1e-9)
    expect(style.theta[0]).toBeGreaterThan(0)
    expect(boardOfStyle(few, style).pairs.firstWins[0]).toBe(2)
  })
})

type Column = 'theta' | 'N' | 'p' | 'q' | 'weight' | 'R' | 'h' | 'r2' | 'information' | 'V'

function expectSame(found: Fit, expected: Fit, column: Column): void {
  const apart = found[column].map((number, at) => number - (expected[column][at] ?? Number.NaN))
  expect(apart.reduce((most, number) => Math.max(most, Math.abs(number)), 0)).toBeLessThan(1e-7)
}
