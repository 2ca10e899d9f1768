import type { JsonObject, ModelId, SubjectId } from '../kernel/index.ts'
import type { InfancyRule } from '../ratings/index.ts'

/** A model that left the market, until it is restored. */
export interface Retirement {
  readonly id: string
  readonly modelId: ModelId
  readonly successorId: ModelId | null
  readonly retiredAt: Date
  /** From then on it does not answer by its name either; null: it goes on. */
  readonly sunsetAt: Date | null
  /** Null: by the owner's rule. */
  readonly retiredBy: SubjectId | null
  /** The proposal as it was; null: nothing was proposed. */
  readonly evidence: JsonObject | null
  readonly restoredAt: Date | null
  readonly restoredBy: SubjectId | null
}

/** When a model is proposed, and whether the market acts by itself. */
export interface RetirementRules {
  /** Better on all of these boards of the league of models. */
  readonly slices: readonly string[]
  readonly infancy: InfancyRule
  readonly isAutomatic: boolean
  /** A model that a larger share of people chose freely is retired by hand only. */
  readonly mostFreeShare: number
  /** Between retirement by rule and its sunset; null: no sunset. */
  readonly sunsetDays: number | null
}

/** What a board knows of why one model makes another one needless. */
export interface BoardEvidence {
  readonly slice: string
  readonly version: number
  /** Points between the two. */
  readonly gap: number
  /** Votes on the model, and what they told of it: Σ N·pq. */
  readonly votes: number
  readonly information: number
  /** When it was certified, how strongly, how many forged votes it stands; null: unknown. */
  readonly certifiedAt: Date | null
  readonly logE: number | null
  readonly tolerance: number | null
}

/** A model that may go, as a no-dearer one is certified better. */
export interface RetirementProposal {
  readonly modelId: ModelId
  readonly model: string
  readonly successorId: ModelId
  readonly successor: string
  /** Of the typical request, in the owner's currency. */
  readonly price: number
  readonly successorPrice: number
  readonly ageDays: number
  readonly boards: readonly BoardEvidence[]
}

/** A proposal with what would change. */
export interface ShownProposal extends RetirementProposal {
  readonly use: {
    readonly requests: number
    readonly routedRequests: number
    readonly choosers: number
    /** Of all people and teams that named any model; null: nobody did. */
    readonly chooserShare: number | null
  }
  /** What its requests would have cost less at the successor; null: what they cost is not known. */
  readonly saved: number | null
}
