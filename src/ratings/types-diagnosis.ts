/** A pair whose votes one scale does not explain. Indexes into the board's `models`. */
export interface PairResidual {
  readonly first: number
  readonly second: number
  readonly votes: number
  /** Share of points that `first` got, and that its strength has it get, 0 to 1. */
  readonly observed: number
  readonly expected: number
  /** The difference in standard errors, its own leverage taken out. */
  readonly z: number
}

/** What the board says without one rater's votes. */
export interface RaterInfluence {
  /** The cluster's number in `raters`. */
  readonly rater: number
  readonly votes: number
  /** Of all votes, 0 to 1. */
  readonly share: number
  /** Leads the largest island with them, and without: indexes into the board's `models`. */
  readonly leader: number
  readonly leaderWithout: number
  /** The model that moves most without them, and by how much, in natural units. */
  readonly moved: number
  readonly movedBy: number
  /** Claims certified with them and not without, and the other way round. */
  readonly claimsLost: number
  readonly claimsGained: number
}

export type CheckName =
  | 'optimum'
  | 'connected'
  | 'votes_per_model'
  | 'matchups_checked'
  | 'one_scale'
  | 'raters_known'
  | 'raters_enough'
  | 'no_rater_majority'
  | 'no_rater_decides'
  | 'prompts_varied'

/** One line of "can I trust this?". `unknown`: the votes do not say. */
export interface BoardCheck {
  readonly name: CheckName
  readonly state: 'passed' | 'failed' | 'unknown'
  /** A sentence for a person. */
  readonly message: string
}

export interface Diagnosis {
  readonly checks: readonly BoardCheck[]
  /** Worst first, ten at most. */
  readonly residuals: readonly PairResidual[]
  /** Most influential first; empty where raters are unknown or one alone voted. */
  readonly influences: readonly RaterInfluence[]
}
