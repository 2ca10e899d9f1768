import type { Matrix } from './types.ts'

/**
 * *certified*: a claim of the whole board. *leaning*: evidence of 20 or more for this one question,
 * not for all of the board's at once. *undecided*: less.
 */
export type ClaimStatus = 'certified' | 'leaning' | 'undecided'

/**
 * What somebody should know of a claim whatever its status. *matchups_unchecked*: the board has too
 * few pairs to see how far matchups depart from one scale, so the claim takes it that they do not.
 * *this_matchup*: votes between the two are more than a quarter of either one's.
 */
export type ClaimCaveat = 'matchups_unchecked' | 'this_matchup'

/** Why a board certifies nothing at present; null: it may certify. */
export type Bar = 'too_few_raters' | 'one_rater_majority'

/** What the raters of a board let it claim. */
export interface RaterRules {
  readonly bar: Bar | null
  /** Raters that voted; null: unknown, so independent votes are assumed. */
  readonly raters: number | null
  /** The largest share of the votes that one rater cast, 0 to 1; null: unknown. */
  readonly largestShare: number | null
  /** One person's taste, or one judge's: claims lapse when a second one votes. */
  readonly isOnePerson: boolean
}

/** One unordered pair of a component, in the direction of the larger log E. Natural units. */
export interface Claim {
  /** Indexes into the board's `models`. */
  readonly better: number
  readonly worse: number
  /** θ of `better` minus θ of `worse`; above 0 where the claim is leaning or certified. */
  readonly gap: number
  /** s²: the variance of `gap`, with design effect and matchup spread. */
  readonly variance: number
  readonly logE: number
  readonly status: ClaimStatus
  /** Votes that somebody must replace before a certified claim falls; null: not certified. */
  readonly tolerance: number | null
  /** Votes between the two are more than a quarter of either one's: "this matchup". */
  readonly isThisMatchup: boolean
  /** Certified, and so is a bet on the votes between the two alone: "also without any model". */
  readonly isModelFree: boolean
  readonly caveats: readonly ClaimCaveat[]
}

/** All claims of a board: its family is every ordered pair within a component. */
export interface BoardClaims {
  /** n × n, row-major: log E(row > column); NaN on the diagonal and between components. */
  readonly logE: Matrix
  /** n × n of 0 and 1: whether row is certified better than column, today. */
  readonly certified: Uint8Array
  readonly threshold: number
  readonly logThreshold: number
  readonly alpha: number
  readonly rules: RaterRules
  /** Sorted by (better's, worse's) place in `models` of the unordered pair: (0,1), (0,2), … */
  readonly claims: readonly Claim[]
}

/** Where a model stands among those of its component, by today's certified claims. */
export interface Standing {
  /** 1 + how many are certified better, and n − how many are certified worse. */
  readonly rankLow: number
  readonly rankHigh: number
  /** 1 + the highest tier of any model certified better. */
  readonly tier: number
}
