import { logistic, strengthOf } from '../ratings/index.ts'
import type { ModelRow } from './types-versions.ts'

/** Votes on two models: the first chosen, the second, neither, both bad. */
export interface NamedPair {
  readonly first: string
  readonly second: string
  readonly counts: readonly number[]
}

/**
 * What votes told of each model: Σ N·pq, with N the votes of a pair that chose or called a tie, and
 * p the chance of winning by the ratings. A vote between equals tells most: a quarter.
 */
export function sumInformation(
  pairs: readonly NamedPair[],
  rows: readonly Pick<ModelRow, 'name' | 'rating'>[],
): Map<string, number> {
  const ratings = new Map(rows.map(({ name, rating }) => [name, rating]))
  const information = new Map<string, number>()
  for (const { first, second, counts } of pairs) {
    const [one, other] = [ratings.get(first) ?? null, ratings.get(second) ?? null]
    if (one === null || other === null) continue
    const [wins = 0, losses = 0, ties = 0] = counts
    const p = logistic(strengthOf(one) - strengthOf(other))
    for (const name of [first, second])
      information.set(name, (information.get(name) ?? 0) + (wins + losses + ties) * p * (1 - p))
  }
  return information
}
