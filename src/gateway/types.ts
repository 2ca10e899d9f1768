import type { LiveListing, Resolution } from '../catalog/index.ts'
import type { Clock, Log, RequestId } from '../kernel/index.ts'
import type { LimitHold, TakeLimits } from '../limits/index.ts'
import type { Operation, Purpose, Usage } from '../metering/index.ts'
import type { Principal } from '../people/index.ts'
import type { Cost, CostTime, Tokens, UnknownCost } from '../pricing/index.ts'
import type {
  Abort,
  ProviderHandler,
  ProviderRequest,
  ResponseHeaders,
} from '../providers/index.ts'
import type { FailureReason, Health, Routing } from '../routing/index.ts'
import type { AnswerBudget } from './answer-budget.ts'
import type { BodyShare } from './body-budget.ts'
import type { Ticker } from './open-ticker.ts'
import type { Computing } from './share-time.ts'

/** An error as one dialect shows it: the whole answer. `body` is JSON text. */
export interface ShapedError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What the relay counts, for /metrics. */
export interface GatewayMeters {
  /** A request of which nothing was sent to a provider. */
  refused(operation: Operation, code: string): void
  /** A request that was dispatched and has ended. */
  finished(usage: Usage, listing: LiveListing, overheadMs: number): void
  /** An attempt at this listing failed and is made again, there. */
  retried(listing: LiveListing, reason: FailureReason): void
  /** This listing failed, or was passed over, and another is asked. */
  fellBack(listing: LiveListing, reason: LeftReason): void
  /** This listing failed again and again and rests for a while. */
  opened(listing: LiveListing): void
}

/** What requests cost, by the prices of now: at once, from memory. */
export interface RequestPrices {
  /** Whether a request there is paid by the time that it is computed. */
  isTimed(listing: LiveListing, atMs: number): boolean
  costOf(listing: LiveListing, tokens: Tokens, time: CostTime): Cost | UnknownCost
  /** Dollars as decimal text; null while no rate is known. */
  inUsd(cost: Cost, atMs: number): string | null
}

/** Why a listing was left for another: it failed, or it was not asked at all. */
export type LeftReason = FailureReason | 'listing_resting'

/** What the gateway stands on. `main` gives it these; nothing else is reached. */
export interface GatewayParts {
  /** What a name means to a caller whose key is limited to `allowed` models; null: no limit. */
  readonly resolve: (name: string, allowed: readonly string[] | null) => Resolution
  /** Answers `auto`, keeps policies, and knows who has left; absent: only names are answered. */
  readonly routing?: Pick<Routing, 'isRouted' | 'choose' | 'bound' | 'headersOf'>
  /**
   * Throws a Refusal while nothing may be dispatched, as its usage could not be recorded. Asked
   * when a request's body was read, before admission.
   */
  readonly mayDispatch: () => void
  readonly dispatch: (
    endpoint: LiveListing['endpoint'],
    request: ProviderRequest,
    handler: ProviderHandler,
  ) => Abort
  /** Resolves once the record is committed; refuses after `timeoutMs`. */
  readonly record: (usage: Usage, timeoutMs: number) => Promise<void>
  /** Absent: nobody knows what requests cost, and their records say so. */
  readonly prices?: RequestPrices
  /** What a request takes of its caller's limits; absent: nobody has any. */
  readonly takeLimits?: TakeLimits
  readonly shapeError: (error: unknown, requestId: string) => ShapedError
  /** What the bodies of all requests may hold together; 256 MiB when absent. */
  readonly bodiesBytes?: number
  /** What of answers may be held for all requests together; 256 MiB when absent. */
  readonly answersBytes?: number
  /** This market's name for itself in `via` headers, all its processes alike; absent: none. */
  readonly marketId?: string
  /** Numbers from 0 up to 1, for jitter; the machine's own when absent. */
  readonly random?: () => number
  readonly meters: GatewayMeters
  readonly clock: Clock
  readonly log: Log
}

/** What an exchange stands on: the parts, and what all exchanges share. */
export interface Relay extends GatewayParts {
  readonly random: () => number
  readonly health: Health
  readonly ticker: Ticker
  readonly answers: AnswerBudget
  readonly computing: Computing
}

/**
 * One admitted request: who asks what of whom. Without its body, which is only needed until an
 * answer has begun.
 */
export interface Admitted {
  readonly requestId: RequestId
  readonly principal: Principal
  /** Why it is asked: people's own requests are `use`. */
  readonly purpose: Purpose
  readonly operation: Operation
  readonly listing: LiveListing
  /** Other listings of the model that may answer, best first. */
  readonly others: readonly LiveListing[]
  /** How the name led to the listing, for `x-baimo-route`. */
  readonly how: string
  /** How routing chose it; null or absent: who asked named the model. */
  readonly route?: string | null
  /** What providers are sent besides their own headers. */
  readonly upstreamHeaders: ResponseHeaders
  /** Its part of the memory for bodies, which counts for the provider that has the request. */
  readonly share: Pick<BodyShare, 'waitFor'>
  /** What it holds of its caller's limits; null: nothing. Ended when its usage is recorded. */
  readonly hold: LimitHold | null
  /** Wall clock at arrival. */
  readonly startedAtMs: number
  /** Monotonic clock at arrival. */
  readonly arrivedMs: number
  /** Monotonic clock when the request's body was whole: from here on, time is ours. */
  readonly bodyReadMs: number
}
