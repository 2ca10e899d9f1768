import { logistic, POINTS_PER_UNIT, Z95 } from '../ratings/index.ts'
import type { RatedModel } from './types-choice.ts'

/**
 * The chance that one model is preferred over another, given what the votes leave open:
 * E[σ(d)] for d ~ N(mean, variance), by MacKay's approximation σ(mean / √(1 + π·variance/8))
 * (D. MacKay, "The evidence framework applied to classification networks", Neural Computation 4,
 * 1992, section 4). The variances of the two ratings are added as if independent. Models on
 * different islands are not compared: one half.
 */
export function winChance(one: RatedModel, other: RatedModel): number {
  if (one.rating === null || other.rating === null || one.island !== other.island) return 0.5
  const mean = (one.rating - other.rating) / POINTS_PER_UNIT
  const variance = varianceOf(one) + varianceOf(other)
  return logistic(mean / Math.sqrt(1 + (Math.PI * variance) / 8))
}

/** In natural units, from the 95 % interval: with design effect and matchup spread. */
function varianceOf({ low, high }: RatedModel): number {
  if (low === null || high === null) return 0
  return ((high - low) / (2 * Z95 * POINTS_PER_UNIT)) ** 2
}

/**
 * Of each rated model the expected share of wins against another rated one of the board, drawn
 * evenly: the row of p'Wq with an even q, in the words of p2l's router (lmarena/p2l,
 * route/cost_optimizers.py), where W holds chances of winning and q the opponents.
 */
export function winShares(models: ReadonlyMap<string, RatedModel>): Map<string, number> {
  const rated = [...models].filter(([, { rating }]) => rating !== null)
  const shares = new Map<string, number>()
  for (const [name, one] of rated) {
    let sum = 0
    for (const [, other] of rated) if (other !== one) sum += winChance(one, other)
    if (rated.length > 1) shares.set(name, sum / (rated.length - 1))
  }
  return shares
}

/**
 * What a request is expected to be worth there, in the owner's currency: share × win value − price.
 * That is the Lagrangian of p2l's program max p'Wq subject to c'p ≤ C, with 1 / `winValue` as the
 * multiplier of the budget: the owner says what a win is worth instead of what may be spent.
 */
export function expectedValue(share: number, price: number, winValue: number): number {
  return share * winValue - price
}
