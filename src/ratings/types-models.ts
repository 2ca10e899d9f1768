import type { Matrix, PairCounts } from './types.ts'

/** A model of ties in which a tie is an outcome of its own. */
export type TieModel = 'rao-kupper' | 'davidson'

/** Strengths by a model of ties, from votes without `bothBad`. Natural units. */
export interface TieFit {
  readonly method: TieModel
  /** The counts that were fitted: those given, without `bothBad`. */
  readonly pairs: PairCounts
  /** Σθ = 0 in each component; 0 for a model without votes. */
  readonly theta: Float64Array
  readonly component: Int32Array
  readonly components: number
  /** k of Rao and Kupper, or d of Davidson. */
  readonly parameter: number
  /** Robust (sandwich) covariance of θ, n × n, votes taken as independent. */
  readonly covariance: Matrix
  readonly logLikelihood: number
  readonly votes: number
  readonly gradientNorm: number
  readonly steps: number
}

/** Why a board has no column of acceptability. */
export type UnacceptableReason =
  | 'no_both_bad'
  | 'only_both_bad'
  /** No cycle of odd length in some component: what is one model's is not told from the other's. */
  | 'bipartite'
  /** Some model's answers were never, or always, both bad: without a ridge it would be infinite. */
  | 'separated'

/**
 * How likely both answers are bad: P = σ(κ − (β_i + β_j)/2). A higher β is a more acceptable
 * model. A column of its own, never mixed into the rating.
 */
export interface Acceptability {
  readonly kappa: number
  /** Σβ = 0 over models with votes; NaN for a model without. Logits. */
  readonly beta: Float64Array
  /** Standard errors of β by the inverse information; NaN for a model without votes. */
  readonly se: Float64Array
  readonly ridge: number
  /** Of the binomial likelihood of both-bad, without the ridge. */
  readonly logLikelihood: number
}

/** Votes with what both answers looked like. k votes, F features. */
export interface StyledVotes {
  /** Names, sorted by code unit. */
  readonly models: readonly string[]
  /** k indexes: the model on the left, or first, and the other. */
  readonly left: Int32Array
  readonly right: Int32Array
  /** Points of the left one: 1, ½ (tie or both bad), 0. */
  readonly points: Float64Array
  readonly features: readonly string[]
  /** k × F, row-major: (a − b)/(a + b + 1) of each feature's count. */
  readonly contrasts: Float64Array
  /** k numbers of who voted, from 0; null: unknown. */
  readonly rater: Int32Array | null
}

/** One coefficient: natural units per unit of the scaled contrast. */
export interface StyleCoefficient {
  readonly name: string
  readonly value: number
  /** By rater where raters are known, else by vote. */
  readonly se: number
  /** What the contrast was divided by; 1 for the position. */
  readonly scale: number
}

/** Strengths with style and position taken out. Natural units. */
export interface StyleFit {
  readonly models: readonly string[]
  readonly theta: Float64Array
  readonly component: Int32Array
  readonly components: number
  /** One per feature, in the order given; `position` last where it was asked for. */
  readonly coefficients: readonly StyleCoefficient[]
  /** Block of θ of the joint inverse Hessian, Σ = 0 in each component: n × n. */
  readonly V: Matrix
  /** Block of θ of the sandwich, clustered by rater where raters are known. */
  readonly covariance: Matrix
  /** Per vote: the logit of the left one's chance, with style and position. */
  readonly lean: Float64Array
  readonly isPenalised: boolean
  readonly logLikelihood: number
  readonly gradientNorm: number
  readonly steps: number
}
