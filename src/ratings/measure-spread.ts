import { sandwich } from './sandwich.ts'
import type { Fit, Matrix, Uncertainty } from './types.ts'

/** Below these degrees of freedom a board cannot see its own matchup spread. */
const LEAST_FREEDOM = 6

/** Leverage from which a pair counts as one that the fit follows. */
const HEAVY = 0.9

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
  const seen = visible(fit, G)
  const spread2 = seen > 0 ? ((spreadExcess - 1) * (spreadDf / m) * explained) / seen : 0
  return { spread2, spreadDf, spreadExcess, part: G.map((value) => spread2 * value) }
}

/** Whether there are pairs enough to see how far they depart from one scale. */
export function canCheckMatchups({ spreadDf }: Pick<Uncertainty, 'spreadDf'>): boolean {
  return spreadDf >= LEAST_FREEDOM
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
function visible(fit: Fit, G: Matrix): number {
  const { pairs, weight, R, h } = fit
  const n = pairs.models.length
  let sum = 0
  for (let e = 0; e < R.length; e += 1) {
    const i = pairs.first[e] as number
    const j = pairs.second[e] as number
    const Ge = (G[i * n + i] as number) + (G[j * n + j] as number) - 2 * (G[i * n + j] as number)
    const leverage = h[e] as number
    const share = leverage < HEAVY ? 1 - 2 * leverage + Ge : shareOfHeavy(fit, e)
    sum += (weight[e] as number) ** 2 * (R[e] as number) * share
  }
  return sum
}

/**
 * 1 − 2h + G_e as the sum of squares that it is: of a pair that the fit follows closely, the
 * difference would be rounding. There are fewer such pairs than models.
 */
function shareOfHeavy({ pairs, V, weight, h }: Fit, heavy: number): number {
  const n = pairs.models.length
  const i = (pairs.first[heavy] as number) * n
  const j = (pairs.second[heavy] as number) * n
  let sum = (1 - (h[heavy] as number)) ** 2
  for (let f = 0; f < weight.length; f += 1) {
    if (f === heavy) continue
    const a = pairs.first[f] as number
    const b = pairs.second[f] as number
    const first = (V[i + a] as number) - (V[j + a] as number)
    const second = (V[i + b] as number) - (V[j + b] as number)
    sum += ((weight[f] as number) * (first - second)) ** 2
  }
  return sum
}
