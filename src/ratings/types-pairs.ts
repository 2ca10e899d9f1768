/**
 * What the board is asked: *order*: each pair that is not certified counts alike; *best*: "who is
 * best here", so pairs with the leader count 30 more; *retirement*: each model and its likeliest
 * dominator, a no-dearer model, by prices as `findDominated` takes them.
 */
export type PairAim =
  | { readonly kind: 'order' }
  | { readonly kind: 'best' }
  | { readonly kind: 'retirement'; readonly prices: readonly (number | null)[] }

export interface PairOptions {
  /** Default: order. */
  readonly aim?: PairAim
  /** Whether two models (indexes, first < second) may be drawn together; default: all may. */
  readonly mayMeet?: (first: number, second: number) => boolean
  /**
   * The least share of draws, 0 to 1, that each model is in, at most 1 in sum; kept as far as the
   * cap on pairs allows. Default: none beyond what the uniform part gives.
   */
  readonly floors?: ArrayLike<number>
}

/** Every pair that may be drawn, with its probability; they sum to 1. Empty: there is none. */
export interface PairPlan {
  readonly first: Int32Array
  readonly second: Int32Array
  readonly probability: Float64Array
}

export interface DrawnPair {
  readonly first: number
  readonly second: number
  readonly probability: number
}
