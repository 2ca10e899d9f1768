import { sandwich } from './sandwich.ts'
import type { Fit, Matrix, Uncertainty } from './types.ts'

/** Matchup spread, and the part of Ṽ that it makes: null where there is no spread. */
export type Spread = Pick<Uncertainty, 'spread2' | 'spreadDf' | 'spreadExcess'> & {
  readonly part: Matrix | null
}

/** How far pairs depart from one scale, beyond what chance explains (recipe 3.3). */
export function measureSpread(fit: Fit): Spread {
  const { pairs, components, R, r2, weight } = fit
  const m = r2.length
  const spreadDf = m - pairs.models.length + components
  let explained = 0
  let unexplained = 0
  for (let e = 0; e < m; e += 1) {
    unexplained += residualOf(fit, e) ** 2 * (R[e] as number)
    explained += (r2[e] as number) * (R[e] as number)
  }
  const Q = explained > 0 ? (m * unexplained) / explained : 0
  const spreadExcess = spreadDf === 0 ? 1 : Math.max(1, (Q + 2) / (spreadDf + 2))
  if (spreadExcess === 1) return { spread2: 0, spreadDf, spreadExcess, part: null }
  const G = sandwich(
    fit,
    weight.map((w) => w * w),
  )
  const spread2 = ((spreadExcess - 1) * (spreadDf / m) * explained) / visible(fit, G)
  return { spread2, spreadDf, spreadExcess, part: G.map((value) => spread2 * value) }
}

/** What is left of a pair's points: S − Np, and its part of the penalty where there is one. */
function residualOf({ method, pairs, p, q, h }: Fit, e: number): number {
  const half = ((q[e] as number) - (p[e] as number)) / 2
  const tied = (pairs.ties[e] as number) + (pairs.bothBad[e] as number)
  const left =
    (pairs.firstWins[e] as number) * (q[e] as number) -
    (pairs.secondWins[e] as number) * (p[e] as number) +
    tied * half
  return method === 'penalised' ? left + (h[e] as number) * half : left
}

/**
 * How much of a spread of 1 the residuals can show. Without the leverage a single heavy pair, which
 * the fit follows, would hide all spread.
 */
function visible({ pairs, weight, R, h }: Fit, G: Matrix): number {
  const n = pairs.models.length
  let sum = 0
  for (let e = 0; e < R.length; e += 1) {
    const i = pairs.first[e] as number
    const j = pairs.second[e] as number
    const Ge = (G[i * n + i] as number) + (G[j * n + j] as number) - 2 * (G[i * n + j] as number)
    sum += (weight[e] as number) ** 2 * (R[e] as number) * (1 - 2 * (h[e] as number) + Ge)
  }
  return sum
}
