import type { Fit, Uncertainty } from './types.ts'

/** What every board is thought to show before its votes: 1 vote's worth for it, 25 a model. */
const PRIOR_DISPERSION = 0.8
const PRIOR_OF_MODEL = 25
/** Information from which a model's own residuals say how much its votes vary. */
export const SETTLED_INFORMATION = 60
const LEAST_SHARE = 0.1

/** φ of the board, of each model, and the variance of each pair's points (recipe 3.1 and 3.2). */
export function measureDispersion(
  fit: Fit,
): Pick<Uncertainty, 'dispersion' | 'dispersionOf' | 'edgeVariance'> {
  const { pairs, N, p, q, h, r2 } = fit
  const n = pairs.models.length
  const residual = new Float64Array(n)
  const expected = new Float64Array(n)
  let residualSum = 0
  let expectedSum = 0
  for (let e = 0; e < r2.length; e += 1) {
    const i = pairs.first[e] as number
    const j = pairs.second[e] as number
    const free = Math.max(0, (N[e] as number) - (h[e] as number))
    const variance = (p[e] as number) * (q[e] as number) * free
    residualSum += r2[e] as number
    expectedSum += variance
    residual[i] = (residual[i] as number) + (r2[e] as number)
    residual[j] = (residual[j] as number) + (r2[e] as number)
    expected[i] = (expected[i] as number) + variance
    expected[j] = (expected[j] as number) + variance
  }
  const dispersion = (PRIOR_DISPERSION + residualSum) / (1 + expectedSum)
  const dispersionOf = residual.map(
    (sum, i) => (sum + PRIOR_OF_MODEL * dispersion) / ((expected[i] as number) + PRIOR_OF_MODEL),
  )
  return { dispersion, dispersionOf, edgeVariance: edgeVariance(fit, dispersion, dispersionOf) }
}

function edgeVariance(
  { pairs, information, r2, weight }: Fit,
  dispersion: number,
  dispersionOf: Float64Array,
): Float64Array {
  return r2.map((own, e) => {
    const i = pairs.first[e] as number
    const j = pairs.second[e] as number
    const expected = weight[e] as number
    const isSettled =
      (information[i] as number) >= SETTLED_INFORMATION &&
      (information[j] as number) >= SETTLED_INFORMATION
    if (isSettled) return Math.max(own, LEAST_SHARE * expected)
    const pooled = (dispersionOf[i] as number) + (dispersionOf[j] as number) - dispersion
    return expected * Math.max(LEAST_SHARE, pooled)
  })
}
