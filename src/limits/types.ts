import type { KeyId, OrganisationId, PersonId, TeamId } from '../kernel/index.ts'

/** Whom a limit is set for. */
export type Holder =
  | { readonly kind: 'key'; readonly id: KeyId }
  | { readonly kind: 'person'; readonly id: PersonId }
  | { readonly kind: 'team'; readonly id: TeamId }
  | { readonly kind: 'organisation'; readonly id: OrganisationId }

/** What a holder may use, all replicas together. Null: no limit. */
export interface Limits {
  /** Requests admitted in any sixty seconds. */
  readonly requestsPerMinute: number | null
  /** Tokens in any sixty seconds: estimated at admission, corrected at settlement. */
  readonly tokensPerMinute: number | null
  /** Requests running at the same time. */
  readonly concurrentRequests: number | null
}

/** What one admitted request holds of its caller's limits. */
export interface LimitHold {
  /** `x-ratelimit-…` headers for its answer. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Ends the hold, once; later calls do nothing. `tokens`: what was consumed, at least 0; what was
   * held beyond it is free again.
   */
  settle(tokens: number): void
}

/**
 * Takes what a request needs of every limit of its caller: one request, one place among those that
 * run, and `tokens` estimated. Null: the caller has no limits. Answers at once where what the
 * process has leased is enough, so that the common path waits no turn.
 * Throws (or rejects with) `limits_exceeded`, a 429 with `Retry-After` and the headers.
 */
export type TakeLimits = (
  caller: {
    readonly keyId: KeyId | null
    readonly personId: PersonId | null
    readonly teamId: TeamId | null
    readonly organisationId: OrganisationId
  },
  tokens: number,
) => LimitHold | null | Promise<LimitHold | null>
