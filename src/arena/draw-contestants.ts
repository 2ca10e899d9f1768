import type { ModelId } from '../kernel/index.ts'
import { drawPair, type PairPlan } from '../ratings/index.ts'
import type { Contestant } from './types.ts'

/** Three numbers from 0 to below 1, drawn evenly. */
export interface Lots {
  readonly control: number
  readonly pair: number
  readonly place: number
}

/** Who meets whom. `a` stands left. */
export interface Draw {
  readonly a: Contestant
  readonly b: Contestant
  readonly isControl: boolean
  /** Of this pair, whichever stands left, controls taken into account. */
  readonly probability: number
}

/**
 * Draws two contestants by a plan over `all` (its indexes), or, for a share of battles, one that
 * meets itself; then who stands left. Null: nobody may meet.
 */
export function drawContestants(
  all: readonly Contestant[],
  plan: PairPlan,
  { controlShare, lots }: { readonly controlShare: number; readonly lots: Lots },
): Draw | null {
  if (lots.control < controlShare) return drawControl(all, controlShare, lots)
  const pair = drawPair(plan, lots.pair)
  if (pair === null) return null
  const [first, second] = [all[pair.first], all[pair.second]]
  if (first === undefined || second === undefined) return null
  const isSwapped = lots.place >= 0.5
  const [a, b] = isSwapped ? [second, first] : [first, second]
  return { a, b, isControl: false, probability: pair.probability * (1 - controlShare) }
}

function drawControl(all: readonly Contestant[], share: number, { pair }: Lots): Draw | null {
  const one = all[Math.floor(pair * all.length)]
  if (one === undefined) return null
  return { a: one, b: one, isControl: true, probability: share / all.length }
}

/**
 * A plan without those who may not meet any more: what is left is scaled up to 1. Where nothing is
 * left of it, as all its pairs were to join one of those to the others, the others meet evenly.
 */
export function planWithout(
  plan: PairPlan,
  all: readonly Contestant[],
  without: ReadonlySet<ModelId>,
): PairPlan {
  if (without.size === 0) return plan
  const isOut = (index: number): boolean => {
    const id = all[index]?.modelId
    return id === undefined || without.has(id)
  }
  const kept = plan.probability.map((share, pair) =>
    isOut(plan.first[pair] ?? -1) || isOut(plan.second[pair] ?? -1) ? 0 : share,
  )
  const sum = kept.reduce((total, share) => total + share, 0)
  if (sum > 0) return { ...plan, probability: kept.map((share) => share / sum) }
  return planEvenly([...all.keys()].filter((index) => !isOut(index)))
}

/** Every pair of these indexes, each as likely as any. */
export function planEvenly(members: readonly number[]): PairPlan {
  const pairs = members.flatMap((first, at) =>
    members.slice(at + 1).map((second) => [first, second] as const),
  )
  return {
    first: Int32Array.from(pairs, ([first]) => first),
    second: Int32Array.from(pairs, ([, second]) => second),
    probability: new Float64Array(pairs.length).fill(1 / pairs.length),
  }
}
