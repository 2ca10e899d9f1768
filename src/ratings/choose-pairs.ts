import { assert } from '../kernel/index.ts'
import { at } from './at.ts'
import { type RatedBoard, varianceBetween } from './claim-board.ts'
import { keepBounds } from './keep-bounds.ts'
import { logistic } from './logistic.ts'
import { sandwich } from './sandwich.ts'
import type { BoardClaims } from './types-claims.ts'
import type { DrawnPair, PairAim, PairOptions, PairPlan } from './types-pairs.ts'
import { weighQuestions } from './weigh-questions.ts'

const UNIFORM_PART = 0.2

/**
 * Which pair next: how likely each eligible pair is to be drawn. While islands or models without
 * votes can be joined, pairs that join them, all alike. Then a fifth uniform, the rest where a
 * vote teaches most about what is open, no pair above ten times its uniform share.
 * Draw on the server and keep the probability with the battle: other estimators reweight by it,
 * and a watcher who chooses pairs could make one matchup pass for strength.
 */
export function choosePairs(
  board: RatedBoard,
  claims: BoardClaims,
  { aim = { kind: 'order' }, mayMeet = () => true, floors }: PairOptions = {},
): PairPlan {
  const { fit } = board
  const n = fit.theta.length
  const eligible = listPairs(n, mayMeet)
  const joining = eligible.filter(([a, b]) => fit.component[a] !== fit.component[b])
  const pairs = joining.length > 0 ? joining : eligible
  const first = Int32Array.from(pairs, ([a]) => a)
  const second = Int32Array.from(pairs, ([, b]) => b)
  const gains = joining.length > 0 ? null : gainsOf({ board, claims, pairs, aim })
  const probability = shareOut(pairs.length, gains)
  return { first, second, probability: keepBounds({ first, second, probability }, n, floors) }
}

/** The pair at `u` (0 ≤ u < 1, drawn evenly) of a plan; null when no pair may be drawn. */
export function drawPair(plan: PairPlan, u: number): DrawnPair | null {
  assert(u >= 0 && u < 1, 'ratings: a pair is drawn at a number from 0 to below 1')
  let drawn: number | null = null
  let rest = u
  for (const [index, probability] of plan.probability.entries()) {
    if (probability <= 0) continue
    drawn = index // the last one when rounding leaves a little over
    rest -= probability
    if (rest < 0) break
  }
  if (drawn === null) return null
  return {
    first: at(plan.first, drawn),
    second: at(plan.second, drawn),
    probability: at(plan.probability, drawn),
  }
}

type Pair = readonly [number, number]

function listPairs(n: number, mayMeet: (first: number, second: number) => boolean): Pair[] {
  const pairs: Pair[] = []
  for (let a = 0; a < n; a++) for (let b = a + 1; b < n; b++) if (mayMeet(a, b)) pairs.push([a, b])
  return pairs
}

function shareOut(count: number, gains: Float64Array | null): Float64Array {
  const total = gains?.reduce((sum, gain) => sum + gain, 0) ?? 0
  return Float64Array.from({ length: count }, (_, index) => {
    if (gains === null || !(total > 0)) return 1 / count
    return UNIFORM_PART / count + ((1 - UNIFORM_PART) * at(gains, index)) / total
  })
}

interface Ask {
  readonly board: RatedBoard
  readonly claims: BoardClaims
  readonly pairs: readonly Pair[]
  readonly aim: PairAim
}

/** g: how far one more vote on a pair narrows what is asked, to the power 2. */
function gainsOf({ board, claims, pairs, aim }: Ask): Float64Array {
  const { fit, uncertainty } = board
  const n = fit.theta.length
  const votes = new Float64Array(n * n)
  for (let pair = 0; pair < fit.N.length; pair++)
    votes[at(fit.pairs.first, pair) * n + at(fit.pairs.second, pair)] = at(fit.N, pair)
  const asked = weighQuestions({ fit, claims, pairs, aim })
  const G = sandwich({ pairs: { ...asked, models: fit.pairs.models }, V: fit.V }, asked.weight)
  return Float64Array.from(pairs, (pair) => {
    const gap = at(fit.theta, pair[0]) - at(fit.theta, pair[1])
    const pq = logistic(gap) * logistic(-gap)
    const known =
      (uncertainty.spread2 * at(votes, pair[0] * n + pair[1]) * pq) / uncertainty.dispersion
    const weight = pq / (1 + known) ** 2
    const learnt = weight * varianceBetween(G, n, pair)
    return (learnt / (1 + weight * varianceBetween(fit.V, n, pair))) ** 2
  })
}
