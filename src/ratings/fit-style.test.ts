import { describe, expect, it } from 'vitest'
import { readLlmfaoStyle } from '../../tests/support/llmfao.ts'
import { readSharedData } from '../../tests/support/shared-data.ts'
import { Refusal } from '../kernel/index.ts'
import { contrast, fitFastchatStyle, fitStyle } from './fit-style.ts'
import type { StyledVotes, StyleFit } from './types-models.ts'

const votes = readLlmfaoStyle()
const published = readSharedData('reference/reference-llmfao-style.json')
const POINTS = 400 / Math.LN10

function rating({ models, theta }: StyleFit, name: string): number {
  return 1000 + POINTS * (theta[models.indexOf(name)] ?? Number.NaN)
}

function values({ coefficients }: StyleFit): number[] {
  return coefficients.map(({ value }) => value)
}

function expectClose(found: readonly number[], golden: readonly number[], digits: number): void {
  expect(found).toHaveLength(golden.length)
  for (const [at, number] of golden.entries()) expect(found[at]).toBeCloseTo(number, digits)
}

describe('style and position', () => {
  it('meet the golden numbers of real votes', () => {
    const fit = fitStyle(votes)
    expectClose(values(fit), [0.10932194, -0.24025539, -0.07654802, -0.01075509, 0.09466426], 8)
    expect(fit.coefficients.map(({ name }) => name)).toEqual([...votes.features, 'position'])
    expectClose(
      fit.coefficients.map(({ scale }) => scale),
      [0.73814499, 0.2575251, 0.38674466, 0.05229106, 1],
      8,
    )
    expect(rating(fit, 'GPT 4')).toBeCloseTo(1164.070095, 5)
    expect(rating(fit, 'Claude v1')).toBeCloseTo(1088.001688, 5)
    expect(rating(fit, 'Dolly v2 (3B)')).toBeCloseTo(846.291071, 5)
    expect(fit.logLikelihood).toBeCloseTo(-5699.625425, 6)
    expect(fit.gradientNorm).toBeLessThan(1e-9)
    expect(fit.theta.reduce((sum, theta) => sum + theta, 0)).toBeCloseTo(0, 9)
  })

  it('have errors clustered by rater; by vote they would be too small', () => {
    const errors = (fit: StyleFit) => fit.coefficients.map(({ se }) => se)
    expectClose(errors(fitStyle(votes)), [0.0623, 0.0312, 0.0273, 0.0162, 0.035], 4)
    expectClose(
      errors(fitStyle({ ...votes, rater: null })),
      [0.0403, 0.0218, 0.0227, 0.0162, 0.017],
      4,
    )
  })

  it('reach the exact optimum of FastChat’s own objective', () => {
    const fit = fitFastchatStyle(votes)
    expectClose(values(fit), [0.11137494, -0.23889561, -0.07455172, -0.0105529], 8)
    expect(rating(fit, 'GPT 4')).toBeCloseTo(1168.418181, 5)
    expect(rating(fit, 'Claude v1')).toBeCloseTo(1089.92671, 5)
    expect(rating(fit, 'Dolly v2 (3B)')).toBeCloseTo(846.74883, 5)
  })

  it.skipIf(published === null)('are within 0.05 points of what FastChat puts out', () => {
    const { ratings, coeffs } = JSON.parse(published ?? '{}').fastchat
    const fit = fitFastchatStyle(votes)
    for (const name of fit.models)
      expect(Math.abs(rating(fit, name) - ratings[name])).toBeLessThan(0.05)
    for (const { name, value } of fit.coefficients)
      expect(Math.abs(value - coeffs[name])).toBeLessThan(0.0006)
  })

  it('give a V whose rows sum to 0', () => {
    const { V, models } = fitStyle(votes)
    const n = models.length
    for (let i = 0; i < n; i++)
      expect(V.subarray(i * n, i * n + n).reduce((sum, v) => sum + v, 0)).toBeCloseTo(0, 12)
    expect(V[0]).toBeGreaterThan(0)
  })

  it('leave a feature at 0 that no answer uses', () => {
    const k = votes.points.length
    const plain = { ...votes, features: ['none'], contrasts: new Float64Array(k) }
    expect(fitStyle(plain).coefficients[0]).toMatchObject({ value: 0, scale: 1 })
  })

  it('are refused where somebody only won', () => {
    const few: StyledVotes = {
      models: ['x', 'y'],
      left: Int32Array.of(0, 0, 0),
      right: Int32Array.of(1, 1, 1),
      points: Float64Array.of(1, 1, 1),
      features: [],
      contrasts: new Float64Array(0),
      rater: null,
    }
    expect(() => fitStyle(few, { hasPosition: false })).toThrow(Refusal)
  })

  it('compare counts as shares of their sum', () => {
    expect(contrast(3, 1)).toBe(2 / 5)
    expect(contrast(0, 0)).toBe(0)
  })
})
