import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { goldenModels } from '../../tests/support/golden-models.ts'
import { goldenVerdict, pairsOfGolden } from '../../tests/support/golden-verdict.ts'
import { readArenaPairs } from '../../tests/support/shared-data.ts'
import { Refusal } from '../kernel/index.ts'
import { countRows } from './count-votes.ts'
import { fitRatings } from './fit-ratings.ts'
import { fitTies } from './fit-ties.ts'
import { POINTS_PER_UNIT } from './points.ts'
import { readVoteFile } from './read-vote-file.ts'

const small = pairsOfGolden(goldenVerdict.boards.small ?? { pairs: [], tier: [] })
const arena = readArenaPairs()

function pairsOf(...rows: [string, string, number, number, number, number?][]) {
  return countRows(
    rows.map(([modelA, modelB, aWins, bWins, ties, bothBad = 0]) => ({
      modelA,
      modelB,
      aWins,
      bWins,
      ties,
      bothBad,
    })),
  ).votes.pairs
}

function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
  return 'none'
}

describe('models of ties', () => {
  it.each([
    ['rao-kupper', goldenModels.tie_models_small.rao_kupper],
    ['davidson', goldenModels.tie_models_small.davidson],
  ] as const)('%s meets the golden numbers', (method, golden) => {
    const fit = fitTies(small, method)
    for (const [i, theta] of golden.theta.entries()) expect(fit.theta[i]).toBeCloseTo(theta, 8)
    expect(fit.parameter).toBeCloseTo(golden.parameter, 8)
    expect(fit.logLikelihood).toBeCloseTo(golden.log_likelihood, 6)
    expect(fit.gradientNorm).toBeLessThan(1e-9)
  })

  it.skipIf(arena === null).each([
    ['rao-kupper', 1.00948],
    ['davidson', 1.01001],
  ] as const)('%s has the published likelihood on real votes', (method, published) => {
    if (arena === null) return
    const fit = fitTies(arena, method)
    expect(fit.votes).toBe(1_374_996)
    expect(-fit.logLikelihood / fit.votes).toBeCloseTo(published, 5)
    expect(fit.gradientNorm).toBeLessThan(1e-6)
  })

  it.each([
    ['rao-kupper', [0.2894853, 0.26934714, 0.27375303, 0.26477786]],
    ['davidson', [0.3865454, 0.3416343, 0.35732951, 0.36372645]],
  ] as const)('%s has the robust errors of numerical derivatives', (method, errors) => {
    const { covariance } = fitTies(small, method)
    for (const [i, error] of errors.entries())
      expect(Math.sqrt(covariance[5 * i] ?? 0)).toBeCloseTo(error, 5)
  })

  it.each([
    ['rao-kupper', [0.828356, -0.845716, -1.597594, 0.509488, -0.559401], 0.697093, -730.004361475],
    ['davidson', [1.113367, -1.159863, -2.177383, 0.715756, -0.781423], -0.144392, -732.067255448],
  ] as const)(
    '%s of a classic experiment is what another optimiser finds',
    (method, theta, parameter, logLikelihood) => {
      const path = join(import.meta.dirname, '../../tests/fixtures/ratings/springall.csv')
      const file = readVoteFile(readFileSync(path, 'utf8'))
      if (file.kind !== 'counts') throw new Error('they are counts')
      const fit = fitTies(countRows(file.rows).votes.pairs, method)
      for (const [i, strength] of theta.entries()) expect(fit.theta[i]).toBeCloseTo(strength, 5)
      expect(fit.parameter).toBeCloseTo(parameter, 5)
      expect(fit.logLikelihood).toBeCloseTo(logLikelihood, 7)
    },
  )

  it.skipIf(arena === null)(
    'order real models as half ties do, by Davidson, within a point',
    () => {
      if (arena === null) return
      const ties = fitTies(arena, 'davidson')
      const half = fitRatings(ties.pairs, { method: 'mle' })
      let turned = 0
      for (const [i, one] of ties.theta.entries())
        for (const [j, other] of ties.theta.entries()) {
          const apart = (half.theta[j] ?? 0) - (half.theta[i] ?? 0)
          if (one <= other || apart < 0) continue
          turned += 1
          expect(POINTS_PER_UNIT * apart).toBeLessThan(1)
        }
      expect(turned).toBe(4)
    },
  )

  it('leave out votes that found both answers bad', () => {
    const without = fitTies(pairsOf(['x', 'y', 5, 3, 2]), 'rao-kupper')
    const rows = pairsOf(['x', 'y', 5, 3, 2, 9], ['x', 'z', 0, 0, 0, 4])
    expect(fitTies(rows, 'rao-kupper').theta[0]).toBeCloseTo(without.theta[0] ?? 0, 10)
  })

  it('give each island a scale of its own', () => {
    const fit = fitTies(pairsOf(['a', 'b', 5, 3, 2], ['c', 'd', 1, 4, 1]), 'davidson')
    expect(fit.components).toBe(2)
    expect((fit.theta[0] ?? 0) + (fit.theta[1] ?? 0)).toBeCloseTo(0, 12)
    expect((fit.theta[2] ?? 0) + (fit.theta[3] ?? 0)).toBeCloseTo(0, 12)
  })

  it('say so when there is no parameter, or no maximum', () => {
    for (const method of ['rao-kupper', 'davidson'] as const) {
      const code = (...rows: Parameters<typeof pairsOf>) =>
        codeOf(() => fitTies(pairsOf(...rows), method))
      expect(code(['x', 'y', 3, 2, 0])).toBe('ratings_tie_parameter_missing')
      expect(code(['x', 'y', 0, 0, 4])).toBe('ratings_tie_parameter_missing')
      expect(code(['x', 'y', 3, 2, 0, 7])).toBe('ratings_tie_parameter_missing')
      expect(code(['x', 'y', 3, 2, 1], ['y', 'z', 4, 0, 0])).toBe('ratings_no_maximum')
    }
  })
})
