import type { BoardCheck, ClaimCaveat, ClaimStatus, OutlierRater } from '../../ratings/index.ts'

export const METHODS = ['penalised', 'mle', 'rao-kupper', 'davidson', 'arena-rank'] as const
export type Method = (typeof METHODS)[number]

/** What `baimo rate --json` prints. Points, except where a name says otherwise. */
export interface RateReport {
  /** Votes that count: without those of a rater on a pair beyond the first 30. */
  readonly votes: number
  readonly models: number
  readonly method: Method
  /** From counts to a board with its intervals. */
  readonly fit_ms: number
  /** Best first, island by island, the largest first; models without votes last. */
  readonly board: readonly BoardRow[]
  /** Each unordered pair of an island once, strongest evidence first; see `boundClaims`. */
  readonly claims: readonly ClaimRow[]
  readonly diagnostics: Diagnostics
}

/** Null: a model without votes, or what the method does not say. */
export interface BoardRow {
  readonly model: string
  readonly rating: number | null
  readonly se: number | null
  readonly low: number | null
  readonly high: number | null
  readonly votes: number
  readonly rank_low: number | null
  readonly rank_high: number | null
  readonly tier: number | null
}

export interface ClaimRow {
  readonly better: string
  readonly worse: string
  readonly gap: number
  readonly log_e: number
  readonly status: ClaimStatus
  /** Votes to replace before it falls; null: not certified. */
  readonly tolerance: number | null
  /** What limits the claim whatever its status. */
  readonly caveats: readonly ClaimCaveat[]
}

export interface Diagnostics {
  /** What the board says, in one sentence. */
  readonly summary: string
  readonly read_ms: number
  readonly claims_ms: number | null
  /** Beyond the strongest 100,000, which are listed; the counts below are of all. */
  readonly claims_left_out: number
  readonly certified: number | null
  readonly leaning: number | null
  readonly undecided: number | null
  /** T: what E must reach to be certified. */
  readonly threshold: number | null
  readonly tiers: number | null
  readonly log_likelihood: number | null
  readonly gradient_norm: number | null
  readonly steps: number | null
  /** k of Rao and Kupper, d of Davidson. */
  readonly tie_parameter: number | null
  readonly dispersion: number | null
  /** In points. */
  readonly matchup_spread: number | null
  readonly matchup_spread_df: number | null
  readonly matchup_excess: number | null
  readonly design_effect: { rater: number; prompt: number; total: number } | null
  readonly raters: number | null
  readonly votes_beyond_cap: number
  readonly anchor: { model: string; rating: number } | null
  /** Names by island, the largest first. */
  readonly islands: readonly (readonly string[])[]
  /** What would decide who is best, on the largest island; null: the method makes no claims. */
  readonly best: BestReport | null
  readonly checks: readonly BoardCheck[]
  readonly residual_pairs: readonly ResidualReport[]
  readonly influential_raters: readonly InfluenceReport[]
  readonly outlier_raters: readonly OutlierRater[]
  readonly acceptability: AcceptabilityReport
}

export interface BestReport {
  readonly leader: string
  readonly status: ClaimStatus
  readonly rivals: number
  /** Votes of the whole board besides; null: none, or no number of votes would decide. */
  readonly more_votes: number | null
  readonly reason: 'certified' | 'votes' | 'raters' | 'never'
}

export interface ResidualReport {
  readonly model_a: string
  readonly model_b: string
  readonly votes: number
  readonly observed: number
  readonly expected: number
  readonly z: number
}

export interface InfluenceReport {
  readonly rater: string
  readonly votes: number
  readonly share: number
  readonly leader: string
  readonly leader_without: string
  readonly moved: string
  readonly moved_by: number
  readonly claims_lost: number
  readonly claims_gained: number
}

/** A column of its own, in logits; `models` is empty where `reason` says why there is none. */
export interface AcceptabilityReport {
  readonly reason: string | null
  readonly kappa: number | null
  readonly ridge: number | null
  readonly models: readonly { model: string; acceptability: number; se: number }[]
}
