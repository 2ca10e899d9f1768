import { SETTLED_INFORMATION } from './measure-dispersion.ts'
import { profileOf, type Results } from './profile.ts'
import type { Fit, Uncertainty } from './types.ts'

/** The two-sided 95 % quantile of the normal distribution. */
export const Z95 = 1.959963984540054

/** Each model's interval against its field, in natural units. */
export interface Intervals {
  /** −∞ and ∞ for a model without votes: nothing is known of it. */
  readonly low: Float64Array
  readonly high: Float64Array
}

/**
 * Intervals that are right at ten votes and at ten million (recipe 3.4): symmetric where a model's
 * votes say enough, else from the profile of its own strength, asymmetric and always finite.
 * `z` is the quantile of the normal distribution: absent, that of 95 %.
 */
export function measureIntervals(fit: Fit, uncertainty: Uncertainty, z = Z95): Intervals {
  const n = fit.pairs.models.length
  const low = new Float64Array(n).fill(Number.NEGATIVE_INFINITY)
  const high = new Float64Array(n).fill(Number.POSITIVE_INFINITY)
  for (let i = 0; i < n; i += 1) {
    if ((fit.information[i] as number) < SETTLED_INFORMATION) continue
    const halfWidth = z * Math.sqrt(uncertainty.Vtotal[i * n + i] as number)
    low[i] = (fit.theta[i] as number) - halfWidth
    high[i] = (fit.theta[i] as number) + halfWidth
  }
  for (const [i, results] of resultsOfNewcomers(fit)) {
    const variance = fit.V[i * n + i] as number
    const widening = z ** 2 * ((uncertainty.Vtotal[i * n + i] as number) / variance)
    const { mode, low: from, high: to, information } = profileOf(results, widening / 2)
    // What the profile takes as known, the opponents, is not: the whole board's V is wider.
    const scale = Math.sqrt(variance * information)
    low[i] = (fit.theta[i] as number) - scale * (mode - from)
    high[i] = (fit.theta[i] as number) + scale * (to - mode)
  }
  return { low, high }
}

/** The results of each model that has votes and little information. */
function resultsOfNewcomers(fit: Fit): Map<number, Results> {
  const { pairs, theta, N, information } = fit
  const results = new Map<number, { theta: number[]; votes: number[]; points: number[] }>()
  const add = (of: number, against: number, [votes, points]: readonly [number, number]): void => {
    if ((information[of] as number) >= SETTLED_INFORMATION) return
    const own = results.get(of) ?? { theta: [], votes: [], points: [] }
    results.set(of, own)
    own.theta.push(theta[against] as number)
    own.votes.push(votes)
    own.points.push(points)
  }
  for (let e = 0; e < N.length; e += 1) {
    const [i, j] = [pairs.first[e] as number, pairs.second[e] as number]
    const tied = (pairs.ties[e] as number) + (pairs.bothBad[e] as number)
    const votes = N[e] as number
    const points = (pairs.firstWins[e] as number) + tied / 2
    add(i, j, [votes, points])
    add(j, i, [votes, votes - points])
  }
  return results
}
