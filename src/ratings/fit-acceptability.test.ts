import { describe, expect, it } from 'vitest'
import { goldenModels } from '../../tests/support/golden-models.ts'
import { readArenaPairs } from '../../tests/support/shared-data.ts'
import { countRows } from './count-votes.ts'
import { type AcceptabilityOptions, fitAcceptability } from './fit-acceptability.ts'
import { fitTies } from './fit-ties.ts'

const arena = readArenaPairs()

/** Pairs by name, with the votes that found both bad and the rest. */
function fitOf(rows: [string, string, number, number][], options?: AcceptabilityOptions) {
  const counts = rows.map(([modelA, modelB, bothBad, ties]) => ({
    modelA,
    modelB,
    aWins: 0,
    bWins: 0,
    ties,
    bothBad,
  }))
  return fitAcceptability(countRows(counts).votes.pairs, options)
}

describe('acceptability', () => {
  it.skipIf(arena === null)('meets the golden numbers on real votes', () => {
    if (arena === null) return
    const golden = goldenModels.both_bad_arena
    const fit = fitAcceptability(arena)
    if (typeof fit === 'string') throw new Error(fit)
    expect(fit.kappa).toBeCloseTo(golden.kappa, 7)
    for (const [model, beta] of golden.acceptability)
      expect(fit.beta[arena.models.indexOf(model)]).toBeCloseTo(beta, 7)
    const ties = fitTies(arena, 'davidson')
    expect(-(fit.logLikelihood + ties.logLikelihood) / 1_670_250).toBeCloseTo(
      golden.nll_per_vote,
      8,
    )
  })

  it('is exact on a triangle, where each pair says what it is', () => {
    const fit = fitOf([
      ['x', 'y', 20, 80],
      ['x', 'z', 50, 50],
      ['y', 'z', 30, 70],
    ])
    if (typeof fit === 'string') throw new Error(fit)
    const logit = (i: number, j: number) =>
      fit.kappa - ((fit.beta[i] ?? 0) + (fit.beta[j] ?? 0)) / 2
    expect(logit(0, 1)).toBeCloseTo(Math.log(20 / 80), 10)
    expect(logit(0, 2)).toBeCloseTo(0, 10)
    expect(logit(1, 2)).toBeCloseTo(Math.log(30 / 70), 10)
    expect(fit.beta.reduce((sum, beta) => sum + beta, 0)).toBeCloseTo(0, 12)
    expect(Math.min(...fit.se)).toBeGreaterThan(0.1)
  })

  it('has no column, but a reason, where it is not told apart', () => {
    expect(fitOf([['x', 'y', 0, 3]])).toBe('no_both_bad')
    expect(fitOf([['x', 'y', 3, 0]])).toBe('only_both_bad')
    expect(fitOf([['x', 'y', 3, 4]])).toBe('bipartite')
    const star: [string, string, number, number][] = [
      ['x', 'y', 3, 4],
      ['x', 'z', 1, 4],
    ]
    expect(fitOf(star)).toBe('bipartite')
    expect(fitOf(star, { ridge: 0.1 })).toBe('bipartite')
  })

  it('is infinite where a model was never bad, and finite with a ridge', () => {
    const rows: [string, string, number, number][] = [
      ['x', 'y', 0, 30],
      ['x', 'z', 0, 20],
      ['y', 'z', 5, 10],
      ['y', 'w', 5, 10],
      ['z', 'w', 6, 10],
    ]
    expect(fitOf(rows)).toBe('separated')
    const fit = fitOf(rows, { ridge: 0.1 })
    if (typeof fit === 'string') throw new Error(fit)
    expect(fit.beta[1]).toBeGreaterThan(Math.max(fit.beta[0] ?? 0, fit.beta[2] ?? 0))
    expect(fit.beta[1]).toBeLessThan(20)
  })
})
