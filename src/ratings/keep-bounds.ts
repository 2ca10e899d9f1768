import { assert } from '../kernel/index.ts'
import { at } from './at.ts'

/** No pair is drawn more often than this many times its uniform share. */
const CAP = 10

interface Pairs {
  readonly first: Int32Array
  readonly second: Int32Array
  readonly probability: Float64Array
}

/**
 * Probabilities of pairs within their bounds: no pair above ten times its uniform share, and each
 * model in at least its floor's share of draws, as far as the cap allows. A floor of a model that
 * is in no pair counts for nothing.
 */
export function keepBounds(
  pairs: Pairs,
  n: number,
  floors: ArrayLike<number> | undefined,
): Float64Array {
  const capped = capShares(pairs.probability)
  if (floors === undefined) return capped
  return capShares(raiseToFloors({ ...pairs, probability: capped }, n, floors))
}

/** What stands above the cap goes to the others in proportion, until none is above. */
function capShares(shares: Float64Array): Float64Array {
  const cap = CAP / shares.length
  const capped = shares.slice()
  for (let round = 0; round < shares.length; round++) {
    const excess = capped.reduce((sum, share) => sum + Math.max(0, share - cap), 0)
    if (excess <= 1e-15) break
    const below = capped.reduce((sum, share) => sum + (share < cap ? share : 0), 0)
    for (const [index, share] of capped.entries())
      capped[index] = share >= cap ? cap : share * (1 + excess / below)
  }
  return capped
}

/**
 * Mixes in, for each model below its floor, draws of its own pairs, all alike. With D the share of
 * such draws and M what the raised models have without them, D(1 − M) = Σ floors − M.
 */
function raiseToFloors(pairs: Pairs, n: number, floors: ArrayLike<number>): Float64Array {
  const pairsOf = new Int32Array(n)
  const has = new Float64Array(n)
  for (const [index, share] of pairs.probability.entries())
    for (const model of [at(pairs.first, index), at(pairs.second, index)]) {
      pairsOf[model] = at(pairsOf, model) + 1
      has[model] = at(has, model) + share
    }
  const inPlay = [...pairsOf.keys()].filter((model) => at(pairsOf, model) > 0)
  const sum = inPlay.reduce((total, model) => total + at(floors, model), 0)
  assert(sum <= 1 + 1e-9, 'ratings: floors of models are at most 1 in sum')
  const { raised, mixed } = findRaised(inPlay, has, floors)
  const extra = new Float64Array(n)
  for (const model of raised)
    extra[model] = (at(floors, model) - (1 - mixed) * at(has, model)) / at(pairsOf, model)
  return pairs.probability.map((share, index) => {
    const added = at(extra, at(pairs.first, index)) + at(extra, at(pairs.second, index))
    return (1 - mixed) * share + added
  })
}

/** Whom to raise, and the share of draws that it takes: raising some may sink others. */
function findRaised(inPlay: readonly number[], has: Float64Array, floors: ArrayLike<number>) {
  const raised = new Set<number>()
  let mixed = 0
  for (;;) {
    const sunk = inPlay.filter(
      (model) => !raised.has(model) && (1 - mixed) * at(has, model) < at(floors, model) - 1e-15,
    )
    if (sunk.length === 0) return { raised, mixed }
    for (const model of sunk) raised.add(model)
    let floorsOfRaised = 0
    let hasOfRaised = 0
    for (const model of raised) {
      floorsOfRaised += at(floors, model)
      hasOfRaised += at(has, model)
    }
    mixed = (floorsOfRaised - hasOfRaised) / (1 - hasOfRaised)
  }
}
