import type {
  KeyId,
  ListingId,
  ModelId,
  OrganisationId,
  RequestId,
  SubjectId,
  TeamId,
  VariantId,
} from '../kernel/index.ts'
import type { Cost, UnknownCost } from '../pricing/index.ts'

/** Why a request was dispatched. */
export type Purpose = 'use' | 'battle' | 'exam' | 'exploration'
export type Operation = 'chat' | 'completions' | 'embeddings'
/** `answered` in full; `aborted` by the client; `upstream_error` before or in the middle. */
export type Outcome = 'answered' | 'aborted' | 'upstream_error'
/** `reported` by the upstream; `counted` from what was delivered; `estimated` from its bytes. */
export type UsageSource = 'reported' | 'counted' | 'estimated'

/** Disjoint buckets in tokens: their sum is everything the provider charges for. */
export interface TokenBuckets {
  readonly input: number
  readonly cachedInput: number
  readonly cacheWrite: number
  readonly output: number
  readonly reasoning: number
}

/** What one dispatched request consumed. Recorded once, under our own id. */
export interface Usage {
  readonly id: RequestId
  readonly organisationId: OrganisationId
  readonly subjectId: SubjectId
  readonly keyId: KeyId | null
  /** The team the key belongs to; null or absent: none. */
  readonly teamId?: TeamId | null
  readonly modelId: ModelId
  readonly variantId: VariantId
  readonly listingId: ListingId
  readonly purpose: Purpose
  readonly operation: Operation
  readonly isStream: boolean
  readonly tokens: TokenBuckets
  readonly source: UsageSource
  readonly outcome: Outcome
  /** The upstream's HTTP status; null when none arrived. */
  readonly upstreamStatus: number | null
  /** The upstream's own id of the answer, an attribute only; null when it gave none. */
  readonly upstreamId: string | null
  readonly startedAtMs: number
  /** From arrival to the first byte of the answer; null when none arrived. */
  readonly firstByteMs: number | null
  /** From arrival to the end of the upstream's answer. */
  readonly totalMs: number
  /** Measured where a request is paid by time; null or absent: it was not. */
  readonly computeMs?: number | null
  /** How routing chose the listing; null or absent: who asked named the model. */
  readonly route?: string | null
  /** Absent: the process knows no prices. */
  readonly cost?: Cost | UnknownCost
}
