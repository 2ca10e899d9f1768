/**
 * Votes between models as counts, and what the statistics of the verdict make of them. All
 * formulas use natural units: a model's strength θ in the logistic model
 * P(i over j) = σ(θ_i − θ_j). What people read is in points: 400/ln 10 × natural units, 1000 the
 * mean of a component.
 */

/**
 * The pair counts of one board: n models, m unordered pairs that hold at least one vote, each
 * listed once with `first[e] < second[e]`, in ascending order of (first, second).
 * Counts are votes, not negative, and may be fractional (weights of a replay).
 */
export interface PairCounts {
  /** Names, each once, sorted by code unit. A model without a vote may stand here. */
  readonly models: readonly string[]
  /** m indexes into `models`. */
  readonly first: Int32Array
  readonly second: Int32Array
  /** Votes for `first`, for `second`, ties proper, and votes that found both answers bad. */
  readonly firstWins: Float64Array
  readonly secondWins: Float64Array
  readonly ties: Float64Array
  readonly bothBad: Float64Array
}

/**
 * The same votes by who cast them (or, for prompts, by what was asked): k rows, each a cluster and
 * a pair with at least one vote. Summed over clusters they give the pair counts; what is missing
 * are votes of which nobody knows who cast them: each counts as a cluster of its own.
 */
export interface ClusterCounts {
  /** How many clusters there are: raters, or prompts. */
  readonly clusters: number
  /** k indexes: which cluster, and which pair of the `PairCounts`. Sorted by (cluster, pair). */
  readonly cluster: Int32Array
  readonly pair: Int32Array
  readonly firstWins: Float64Array
  readonly secondWins: Float64Array
  readonly ties: Float64Array
  readonly bothBad: Float64Array
}

/** What a board is rated from. */
export interface Votes {
  readonly pairs: PairCounts
  /** By rater; null: who voted is unknown, and independence is assumed and said. */
  readonly raters: ClusterCounts | null
  /** By prompt; null: unknown, or every prompt was judged once. */
  readonly prompts: ClusterCounts | null
}

/** A square matrix of n × n numbers, row-major. */
export type Matrix = Float64Array

/** The fit of one scale per component (section 2 of the recipe), with what later steps need. */
export interface Fit {
  readonly method: 'penalised' | 'mle'
  readonly pairs: PairCounts
  /** n strengths in natural units, Σθ = 0 in each component. 0 for a model without votes. */
  readonly theta: Float64Array
  /** n numbers of the component (island) of each model, from 0. */
  readonly component: Int32Array
  readonly components: number
  /** V = L⁺ of the Laplacian with weights N·pq: n × n. Rows of a model without votes are 0. */
  readonly V: Matrix
  /** Per pair e: N, p = σ(θ_i − θ_j), q = 1 − p without cancellation, N·pq, R, h, r². */
  readonly N: Float64Array
  readonly p: Float64Array
  readonly q: Float64Array
  readonly weight: Float64Array
  readonly R: Float64Array
  readonly h: Float64Array
  readonly r2: Float64Array
  /** Per model: Σ over its pairs of N·pq. */
  readonly information: Float64Array
  /** Of what was maximised (with the penalty, if any), at θ: the largest |gradient|. */
  readonly gradientNorm: number
  /** Newton steps that it took: the most of any component. */
  readonly steps: number
  /** Σ[S log p + (N−S) log q] of the votes at θ, without the penalty. */
  readonly logLikelihood: number
}

/** How sure the fit is (sections 3 and 4). Natural units, natural units squared where squared. */
export interface Uncertainty {
  /** φ of the whole board; and per model. */
  readonly dispersion: number
  readonly dispersionOf: Float64Array
  /** v per pair. */
  readonly edgeVariance: Float64Array
  /** V₀ = V·Lap(v)·V, n × n; `se` is the root of its diagonal. */
  readonly V0: Matrix
  /** Matchup spread σ², its degrees of freedom m − n + c, and the excess of Q. */
  readonly spread2: number
  readonly spreadDf: number
  readonly spreadExcess: number
  /** What raters and prompts that repeat themselves cost; 1 where unknown. */
  readonly designEffect: DesignEffect
  /** Ṽ = deff·V₀ + V·Lap(σ²(N·pq)²)·V: what claims and intervals use. */
  readonly Vtotal: Matrix
}

export interface DesignEffect {
  readonly rater: number
  readonly prompt: number
  /** rater + prompt − 1. */
  readonly total: number
}
