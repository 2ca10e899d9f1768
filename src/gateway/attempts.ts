// edge: sends one request, again and elsewhere where that helps, by its timer.
import type { LiveListing } from '../catalog/index.ts'
import type { ProviderRequest } from '../providers/index.ts'
import type { Failure } from '../routing/index.ts'
import { Attempt, type AttemptOwner } from './attempt.ts'
import { type Candidates, candidatesFor, standingOf } from './candidates.ts'
import type { Delivered } from './count-usage.ts'
import { describeAttempt } from './describe-attempt.ts'
import { markListing } from './mark-listing.ts'
import { type FailedEnd, nameFailure } from './name-failure.ts'
import type { OwnTime } from './own-time.ts'
import { prepareBody } from './prepare-body.ts'
import type { Envelope } from './read-envelope.ts'
import type { Admitted, LeftReason, Relay } from './types.ts'

/** Why the first listing is passed over; a healthy one has no room for the body. */
const LEFT_AT_ONCE = {
  resting: 'listing_resting',
  busy: 'upstream_busy',
  healthy: 'upstream_saturated',
} as const

/** A failed attempt that may be the last. */
export interface Failed {
  readonly attempt: Attempt
  readonly end: FailedEnd & { readonly delivered: Delivered | null }
  readonly failure: Failure
}

/** Whose attempts they are. */
export interface AttemptsOwner extends AttemptOwner {
  /** Nothing more is tried: this failure is the client's. */
  giveUp(failed: Failed): void
}

/** The attempts of one request: which listing is asked, and where it goes when one has failed. */
export class Attempts {
  readonly #relay: Relay
  readonly #admitted: Admitted
  readonly #owner: AttemptsOwner
  readonly #time: OwnTime
  /** Null once it cannot be sent again: an answer may take long, and its body is large. */
  #envelope: Envelope | null
  #candidates: Candidates | null = null
  #current: Attempt | null = null
  #count = 0
  #leftReason: LeftReason | null = null
  #backoff: NodeJS.Timeout | null = null
  #hasBegun = false
  #wasTried = false
  #stopsRetries = false

  constructor(
    relay: Relay,
    admitted: Admitted,
    of: { owner: AttemptsOwner; envelope: Envelope; time: OwnTime },
  ) {
    this.#relay = relay
    this.#admitted = admitted
    this.#owner = of.owner
    this.#envelope = of.envelope
    this.#time = of.time
  }

  /** The one that runs, or else the last that did; null: there was none. */
  get current(): Attempt | null {
    return this.#current
  }

  /** Whose answer, or failure, the client gets. */
  get answering(): LiveListing {
    return this.#current?.listing ?? this.#admitted.listing
  }

  get count(): number {
    return this.#count
  }

  /** Why the listing that the name led to did not answer at once; null: nothing has failed. */
  get leftReason(): LeftReason | null {
    return this.#leftReason
  }

  /** Whether a part of the answer itself is on its way to the client: from here on, no retry. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** Whether one that failed got further than the line for a connection. */
  get wasTried(): boolean {
    return this.#wasTried
  }

  /** Whether official clients are told that a retry of theirs is in vain. */
  get stopsRetries(): boolean {
    return this.#stopsRetries
  }

  /**
   * Makes the first. Throws `gateway_listing_resting`, `gateway_bodies_too_many`, or what
   * `dispatch` throws.
   */
  start(): void {
    const nowMs = this.#relay.clock.monotonicMs()
    if (!this.#send(this.#chooseFirst(nowMs), nowMs)) throw this.#refuseAll(nowMs)
  }

  /** An answer comes of it. */
  begin(attempt: Attempt): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    this.#envelope = null
    attempt.breaker.began(attempt.ticket)
  }

  /**
   * Sends the request again, here or elsewhere, now or later; or gives up. What the failed attempt
   * cost (`end.delivered`) is not recorded unless it is the last: this is where it would be.
   */
  failed(attempt: Attempt, end: Failed['end'], nowMs: number): void {
    const { clock } = this.#relay
    const isOwnEngine = attempt.listing.endpoint.socketPath !== null
    const { status, headers, isSent } = attempt
    const failure = nameFailure(end, { status, headers, isSent, isOwnEngine }, clock.nowMs())
    const scope = markListing(this.#relay, attempt, { failure, nowMs })
    attempt.abort(end.kind === 'failed' ? end.error : new Error('it had failed'))
    const failed = { attempt, end, failure }
    if (failure.reason !== 'upstream_saturated') this.#wasTried = true
    if (scope === 'never' || this.#envelope === null) {
      this.#giveUp(failed)
      return
    }
    this.#leftReason ??= failure.reason
    const candidates = this.#makeCandidates()
    const notBeforeMs = nowMs + (failure.retryAfterMs ?? 0)
    candidates.failed(attempt.listing, scope === 'elsewhere', notBeforeMs)
    this.#goOn(failed, nowMs)
  }

  #goOn(failed: Failed, nowMs: number): void {
    const { listing } = failed.attempt
    const { meters, clock, random } = this.#relay
    const next = this.#makeCandidates().next(this.#count, nowMs, random())
    if (next === null) {
      this.#giveUp(failed)
      return
    }
    const { waitMs } = next
    const isSame = next.listing === listing
    this.#log(failed, { next: isSame ? 'again' : 'fallback', wait_ms: Math.round(waitMs) })
    const resend = (): void => {
      this.#backoff = null
      const resentMs = clock.monotonicMs()
      if (!this.#send(next.listing, resentMs))
        this.#goOn(failed, resentMs) // it rests by now
      else if (isSame) meters.retried(listing, failed.failure.reason)
      else meters.fellBack(listing, failed.failure.reason)
    }
    if (waitMs <= 0) resend()
    else this.#backoff = setTimeout(() => this.#guard(resend), waitMs)
  }

  #giveUp(failed: Failed): void {
    const { failure } = failed
    this.#log(failed, { next: 'none' })
    // Never both retry here and invite the client to; when to come again it may be told.
    const knowsWhen = failure.reason === 'upstream_busy' && failure.retryAfterMs !== null
    this.#stopsRetries = failure.isFinal || (this.#count > 1 && !knowsWhen)
    this.#envelope = null
    this.#owner.giveUp(failed)
  }

  /** Ends what runs or waits. What ran, to be counted; null: nothing did. */
  breakOff(why: string): Attempt | null {
    const attempt = this.#current
    // What failed attempts cost is not counted yet: while it waits for the next there is nothing.
    const isWaiting = this.#backoff !== null
    if (this.#backoff !== null) clearTimeout(this.#backoff)
    this.#backoff = null
    this.#envelope = null
    this.leaveBreaker()
    attempt?.abort(new Error(why))
    return isWaiting ? null : attempt
  }

  /** What runs says nothing of its listing. */
  leaveBreaker(): void {
    const attempt = this.#current
    if (attempt === null || attempt.isOver) return
    attempt.breaker.leave(attempt.ticket, this.#relay.clock.monotonicMs())
  }

  /** The listing that the name led to, unless it rests, is busy or has no room for the body. */
  #chooseFirst(nowMs: number): LiveListing {
    const { health, meters } = this.#relay
    const { listing, share } = this.#admitted
    const standing = standingOf(health, listing, nowMs)
    if (standing === 'healthy' && share.waitFor(listing.endpoint.providerId)) return listing
    const next = this.#makeCandidates().next(0, nowMs, 0)
    if (next === null) throw this.#refuseAll(nowMs)
    if (next.listing !== listing) {
      this.#leftReason = LEFT_AT_ONCE[standing]
      meters.fellBack(listing, this.#leftReason)
    }
    return next.listing
  }

  #refuseAll(nowMs: number): Error {
    return this.#makeCandidates().refuseAll(this.#admitted.listing.modelName, nowMs)
  }

  #makeCandidates(): Candidates {
    this.#candidates ??= candidatesFor(this.#admitted, this.#envelope, this.#relay.health)
    return this.#candidates
  }

  /** Dispatches to a listing, unless it rests by now or the body is gone. */
  #send(listing: LiveListing, nowMs: number): boolean {
    const envelope = this.#envelope
    if (envelope === null) return false
    const { dispatch, health, clock, answers } = this.#relay
    const breaker = health.breakerOf(listing.listingId)
    const ticket = listing.resilience.hasBreaker ? breaker.enter(nowMs) : null
    if (ticket === 'refused') return false
    const share = answers.open(listing.endpoint.providerId)
    const attempt = new Attempt(this.#owner, clock, { listing, breaker, ticket, share })
    this.#current = attempt
    this.#count += 1
    try {
      const request = this.#requestTo(listing, envelope)
      this.#time.stop(clock.monotonicMs())
      attempt.send(dispatch, request)
    } catch (error) {
      breaker.leave(ticket, nowMs)
      throw error
    }
    if (this.#isOnlyAttempt()) this.#envelope = null
    return true
  }

  /** Whether nothing may follow: neither the same listing nor another is asked again. */
  #isOnlyAttempt(): boolean {
    const { listing, others } = this.#admitted
    const { retries, fallsBack } = listing.resilience
    return retries === 0 && !(fallsBack && others.length > 0)
  }

  /** Time limits are watched here: the provider's side is told of the connection's alone. */
  #requestTo(listing: LiveListing, envelope: Envelope): ProviderRequest {
    const { operation, upstreamHeaders } = this.#admitted
    return {
      operation,
      body: prepareBody(envelope, {
        upstreamModel: listing.upstreamModel,
        acceptsStreamOptions: listing.endpoint.quirks.acceptsStreamOptions,
      }),
      headers: upstreamHeaders,
      connectTimeoutMs: listing.resilience.connectTimeoutMs,
      headersTimeoutMs: 0,
      bodyTimeoutMs: 0,
    }
  }

  /** One line for each failed attempt; none for what the client's own request is to blame for. */
  #log({ attempt, end, failure }: Failed, more: object): void {
    if (failure.reason === 'request_refused') return
    const known = { request_id: this.#admitted.requestId, attempt: this.#count }
    const error = end.kind === 'failed' ? end.error : null
    const fields = describeAttempt(attempt, failure, error)
    this.#relay.log.warn({ ...known, ...fields, ...more }, 'upstream failed')
  }

  /** What is thrown from a timer would end the process. */
  #guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#owner.failByBug(error)
    }
  }
}
