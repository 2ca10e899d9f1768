import type { KeyId, OrganisationId, PersonId, TeamId } from '../kernel/index.ts'

/** No limit is larger, and no more is counted of one request: a provider may claim anything. */
export const LARGEST_LIMIT = 1_000_000_000_000

/** Whom a limit is set for. */
export type Holder =
  | { readonly kind: 'key'; readonly id: KeyId }
  | { readonly kind: 'person'; readonly id: PersonId }
  | { readonly kind: 'team'; readonly id: TeamId }
  | { readonly kind: 'organisation'; readonly id: OrganisationId }

export type HolderKind = Holder['kind']

/** What is counted for a holder. Each is a counter of its own. */
export type Metric = 'requests' | 'tokens' | 'concurrent'

/** What a holder may use, all replicas together. Null: no limit. */
export interface Limits {
  /** Requests admitted in any sixty seconds. */
  readonly requestsPerMinute: number | null
  /** Tokens in any sixty seconds: estimated at admission, corrected at settlement. */
  readonly tokensPerMinute: number | null
  /** Requests running at the same time. */
  readonly concurrentRequests: number | null
}

/** A holder with its limits, as the database keeps them. */
export interface LimitedHolder {
  /** Of its limits: another one when they were removed and set again. */
  readonly id: string
  readonly holder: Holder
  /** Whose admins may see and change them. */
  readonly organisationId: OrganisationId
  readonly limits: Limits
  readonly updatedAt: Date
}

/** What counts of each limit at this moment, as far as the database knows. */
export interface LimitUse {
  readonly requests: number
  readonly tokens: number
  readonly concurrent: number
}

/** What one counter counts: one metric of one holder's limits. */
export interface Counted {
  readonly limitId: string
  readonly holder: Holder
  readonly limit: number
}

/** Who asks: those of whom any may be a holder. */
export interface LimitedCaller {
  readonly keyId: KeyId | null
  readonly personId: PersonId | null
  readonly teamId: TeamId | null
  readonly organisationId: OrganisationId
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
  /** Ends it as if the request had never been: nobody was asked. Instead of `settle`, once. */
  cancel(): void
}

/**
 * Takes what a request needs of every limit of its caller: one request, one place among those that
 * run, and `tokens` estimated. Null: the caller has no limits. Answers at once where what the
 * process has leased is enough, so that the common path waits no turn.
 * Throws (or rejects with) `limits_exceeded`, a 429 with `Retry-After` and the headers.
 */
export type TakeLimits = (
  caller: LimitedCaller,
  tokens: number,
) => LimitHold | null | Promise<LimitHold | null>

/** How long things take and last. Every process on a database has the same window. */
export interface Timing {
  /** The sliding window of requests and tokens. */
  readonly windowMs: number
  /** How long a process may draw from a lease, from before it asked. */
  readonly openMs: number
  /** How long places count without being renewed. */
  readonly placeLeaseMs: number
  readonly placeRenewMs: number
  /** How long what is to be reported may wait for a statement that goes anyway. */
  readonly reportMs: number
  /** What the other processes get to give back what they do not use. */
  readonly recallWaitMs: number
  /** At most one recall of a counter in this time. */
  readonly recallPauseMs: number
  /** How long a refusal is remembered without asking again. */
  readonly refusalMs: number
  /** How long a request waits for the database. */
  readonly patienceMs: number
}

/** What a process asks of one counter. */
export interface Ask {
  readonly limitId: string
  readonly metric: Metric
  /** The lease's id, made by who asks, so that a lost answer can be undone. */
  readonly leaseId: string
  /** Below this nothing is granted: the smallest need that waits. */
  readonly least: number
  /** What all that wait need, and use at once. */
  readonly most: number
  /** What will be needed soon: granted only as far as others keep enough. */
  readonly extra: number
  /** Places: what the process has and keeps. 0 for other metrics. */
  readonly held: number
}

/** What a process says of a lease that it draws from no more. The same report twice is harmless. */
export interface Report {
  readonly limitId: string
  readonly metric: Metric
  readonly leaseId: string
  /** What of it was used; 0 removes it. */
  readonly amount: number
  /** From asking to the last use; null: used beyond what was held, so it is counted anew. */
  readonly lastUseMs: number | null
}

/** What the database answers to one ask. */
export interface Grant {
  /** False: the holder has no such limit any more. */
  readonly isLimited: boolean
  readonly limit: number
  readonly granted: number
  /** What nobody has leased, after the grant; below 0 where more was used than foreseen. */
  readonly left: number
  /** What other processes have leased and may not have used yet. */
  readonly elsewhere: number
  /** When `least` will have lapsed; null: it was granted, or nobody can tell. */
  readonly retryMs: number | null
  /** When all that counts now will have lapsed. */
  readonly resetMs: number
}
