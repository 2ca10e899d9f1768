import { assert } from '../kernel/index.ts'
import { at } from './at.ts'
import { closedThreshold } from './close-family.ts'
import type { BoardClaims } from './types-claims.ts'

/** "b may be retired, because a is no dearer and certified better." Indexes into `models`. */
export interface Domination {
  readonly by: number
  readonly dominated: number
  readonly logE: number
}

/** Which models a no-dearer one beats on one board. */
export interface BoardDominance {
  /** n × n: log E(row > column) where row is no dearer than column; NaN outside the family. */
  readonly logE: Float64Array
  readonly threshold: number
  readonly logThreshold: number
  /** Sorted by (`dominated`, then falling `logE`). Empty while raters bar the board. */
  readonly dominations: readonly Domination[]
}

/**
 * Closed testing over the ordered pairs (a, b) of a component with price a ≤ price b; equal prices
 * are in it both ways. `prices` are per model in one unit, at least 0; null: unknown. A model whose
 * price is unknown is in no pair: it dominates nobody, since it may be the dearer one, and is
 * dominated by nobody, not even by a model that costs nothing, since then nothing is known to be
 * saved. It stays until somebody says what it costs.
 */
export function findDominated(
  claims: Pick<BoardClaims, 'logE' | 'alpha' | 'rules'>,
  prices: readonly (number | null)[],
): BoardDominance {
  const n = prices.length
  assert(claims.logE.length === n * n, 'ratings: one price, or null, for each model of the board')
  const logE = new Float64Array(n * n).fill(Number.NaN)
  for (const [a, price] of prices.entries())
    for (const [b, other] of prices.entries())
      if (isNoDearer(price, other)) logE[a * n + b] = at(claims.logE, a * n + b)
  const { threshold, logThreshold } = closedThreshold(logE, claims.alpha)
  const dominations: Domination[] = []
  for (let dominated = 0; dominated < n; dominated++)
    for (let by = 0; by < n; by++) {
      const value = at(logE, by * n + dominated)
      if (value >= logThreshold) dominations.push({ by, dominated, logE: value })
    }
  dominations.sort((one, other) => one.dominated - other.dominated || other.logE - one.logE)
  const isBarred = claims.rules.bar !== null
  return { logE, threshold, logThreshold, dominations: isBarred ? [] : dominations }
}

function isNoDearer(price: number | null, other: number | null): boolean {
  return price !== null && other !== null && price <= other
}

/** How long a model is too young to be proposed for retirement; null: that rule is off. */
export interface InfancyRule {
  /** Information that votes must have given on it: Σ N·pq. */
  readonly leastInformation: number | null
  readonly leastDays: number | null
}

/** Both bounds of the recipe; an owner who wants but one switches the other off. */
export const INFANCY: InfancyRule = { leastInformation: 60, leastDays: 14 }

/** Whether a model is in its infancy: any bound that is on is not reached. */
export function isInInfancy(
  model: { readonly information: number; readonly ageDays: number },
  rule: InfancyRule = INFANCY,
): boolean {
  const lacksVotes = rule.leastInformation !== null && model.information < rule.leastInformation
  return lacksVotes || (rule.leastDays !== null && model.ageDays < rule.leastDays)
}
