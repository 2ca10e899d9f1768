import { expect, test } from 'vitest'
import { goldenVerdict } from '../../tests/support/golden-verdict.ts'
import {
  alwaysValidHalfWidth,
  gapForEvidence,
  logEvidence,
  varianceForEvidence,
} from './weigh-evidence.ts'

test.each(goldenVerdict.e_value)('log E of δ = $delta, s² = $s2 is the golden number', (golden) => {
  expect(logEvidence(golden.delta, golden.s2, golden.tau)).toBeCloseTo(golden.log_e, 6)
})

test.each(goldenVerdict.always_valid_half_width)(
  'the interval for all looks at s² = $s2 is the golden one',
  ({ s2, tau, alpha, half_width }) => {
    expect(alwaysValidHalfWidth(s2, { tau, alpha })).toBeCloseTo(half_width, 9)
  },
)

test('evidence is the mean of likelihood ratios over gaps of the better side', () => {
  // ∫ N(g; 0, τ²)·2 · exp(δg/s² − g²/2s²) dg over g > 0, by the trapezium rule.
  const [delta, variance, tau] = [0.17, 0.006, 0.4]
  let sum = 0
  const step = 1e-5
  for (let gap = step; gap < 3; gap += step)
    sum += Math.exp((delta * gap) / variance - (gap * gap) / (2 * variance) - (gap / tau) ** 2 / 2)
  const value = ((sum + 0.5) * step * 2) / (tau * Math.sqrt(2 * Math.PI))
  expect(logEvidence(delta, variance, tau)).toBeCloseTo(Math.log(value), 6)
})

test('evidence grows with the gap and stays finite for gaps of any size', () => {
  const gaps = [-1e4, -50, -1, -0.1, 0, 0.1, 1, 50, 1e4]
  const logs = gaps.map((gap) => logEvidence(gap, 0.003))
  expect(logs.every(Number.isFinite)).toBe(true)
  expect(logs).toEqual(logs.toSorted((one, other) => one - other))
})

test('evidence without a variance is a bug', () => {
  expect(() => logEvidence(1, 0)).toThrow('variance above 0')
})

test('the gap and the variance that evidence needs give that evidence back', () => {
  for (const target of [0.01, Math.log(20), 12, 300, 5_000])
    for (const variance of [1e-7, 1e-3, 0.05, 2]) {
      const gap = gapForEvidence(target, variance)
      expect(logEvidence(gap, variance)).toBeCloseTo(target, 8)
      expect(varianceForEvidence(target, gap) / variance).toBeCloseTo(1, 8)
    }
})

test('no variance makes evidence of a gap of nothing', () => {
  expect(varianceForEvidence(3, 0)).toBe(0)
  expect(varianceForEvidence(3, -0.2)).toBe(0)
})
