/**
 * What an attempt failed of, for people, logs and metrics. Words of the header `x-baimo-route`:
 * each is fixed once released.
 */
export const FAILURE_REASONS = [
  /** No connection: refused, no such host, not accepted in time. */
  'upstream_unreachable',
  /** The connection was lost before the answer was whole. */
  'upstream_reset',
  /** No first byte in time, or silence within the answer. */
  'upstream_timeout',
  /** 429. */
  'upstream_busy',
  /** A status that blames the provider, or an error as the first event of a stream. */
  'upstream_error',
  /** Something that is no answer: a page of a proxy, cut JSON, a broken encoding. */
  'upstream_bad_answer',
  /** A stream that ended before it was whole. */
  'upstream_ended_early',
  /** The market's own key or account was refused. */
  'upstream_refused_us',
  /** A redirect, no HTTP, an address that is not to be used: the listing's settings are wrong. */
  'upstream_unusable',
  /** All connections to it are busy, on our side. */
  'upstream_saturated',
  /** It is not there yet or not any more, such as an engine that starts. */
  'upstream_unavailable',
  /** The provider judged the request itself: the client's to mend. */
  'request_refused',
  /** Ours alone: the client left, the market closes. */
  'given_up',
] as const
export type FailureReason = (typeof FAILURE_REASONS)[number]

/** How one attempt failed. */
export interface Failure {
  readonly reason: FailureReason
  /** The status it stands for; null: no answer came. */
  readonly status: number | null
  /** The provider's own wish for when it may be asked again; null: it named none. */
  readonly retryAfterMs: number | null
  /** Whether the provider says that another attempt is in vain. */
  readonly isFinal: boolean
  /** Whether it was the market's own engine, which is given a lost request again by itself. */
  readonly isOwnEngine: boolean
}

/** Where the same request may go next: anywhere, only to another listing, or nowhere. */
export type Scope = 'again' | 'elsewhere' | 'never'

/** What a failure says of a listing's health: nothing, that it fails, or that it is busy. */
export type Mark = 'none' | 'failure' | 'busy'

/** A listing as one request sees it. */
export interface Candidate {
  /** Attempts of this request that it has had. */
  readonly tries: number
  /** Times that one request may ask it again. */
  readonly retries: number
  /** Whether this request may not ask it any more. */
  readonly isSpent: boolean
  /** Before this time it wishes not to be asked, on the clock of `nowMs`; 0: whenever. */
  readonly notBeforeMs: number
  readonly standing: Standing
}

/** `resting`: its breaker lets nobody in. `busy`: it wishes to be asked later. */
export type Standing = 'healthy' | 'busy' | 'resting'

/** Sends the request to the candidate at `index` after `waitMs`; or there is none to send it to. */
export type Step =
  | { readonly kind: 'send'; readonly index: number; readonly waitMs: number }
  | { readonly kind: 'stop' }

/** How a listing is, for people. */
export interface ListingHealth {
  readonly listingId: string
  readonly state: 'closed' | 'open' | 'half_open'
  /** Failures among the outcomes of the last minute that count, at most 1,000. */
  readonly failures: number
  readonly outcomes: number
  /** Until its next trial; null unless it is open. */
  readonly restsForMs: number | null
  /** Until it takes requests again by its own word; null: it does. */
  readonly busyForMs: number | null
  /** Times in a row that it opened without an answer in between. */
  readonly openings: number
  /** What it failed of last; null: nothing since it was well. */
  readonly lastReason: FailureReason | null
}
