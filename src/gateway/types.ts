import type { LiveListing, Resolution } from '../catalog/index.ts'
import type { Clock, Log, RequestId } from '../kernel/index.ts'
import type { TakeLimits } from '../limits/index.ts'
import type { Operation, Usage } from '../metering/index.ts'
import type { Principal } from '../people/index.ts'
import type { Abort, ProviderHandler, ProviderRequest } from '../providers/index.ts'
import type { Envelope } from './read-envelope.ts'

/** An error as one dialect shows it: the whole answer. `body` is JSON text. */
export interface ShapedError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What the relay counts, for /metrics. */
export interface GatewayMeters {
  /** A request that was not dispatched. */
  refused(operation: Operation, code: string): void
  /** A request that was dispatched and has ended. */
  finished(usage: Usage, listing: LiveListing, overheadMs: number): void
}

/** What the gateway stands on. `main` gives it these; nothing else is reached. */
export interface GatewayParts {
  /** What a name means to a caller whose key is limited to `allowed` models; null: no limit. */
  readonly resolve: (name: string, allowed: readonly string[] | null) => Resolution
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
  /** What a request takes of its caller's limits; absent: nobody has any. */
  readonly takeLimits?: TakeLimits
  readonly shapeError: (error: unknown, requestId: string) => ShapedError
  /** What the bodies of all requests may hold together; 256 MiB when absent. */
  readonly bodiesBytes?: number
  readonly meters: GatewayMeters
  readonly clock: Clock
  readonly log: Log
}

/** One admitted request: who asks what of whom. */
export interface Admitted {
  readonly requestId: RequestId
  readonly principal: Principal
  readonly operation: Operation
  readonly envelope: Envelope
  readonly listing: LiveListing
  readonly how: 'name' | 'alias' | 'listing-id'
  /** Wall clock at arrival. */
  readonly startedAtMs: number
  /** Monotonic clock at arrival. */
  readonly arrivedMs: number
  /** Monotonic clock when the request's body was whole: from here on, time is ours. */
  readonly bodyReadMs: number
}
