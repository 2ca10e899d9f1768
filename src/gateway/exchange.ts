// edge: the client's side of one request: its attempts, its usage, its answer.
import type { ServerResponse } from 'node:http'
import type { LiveListing } from '../catalog/index.ts'
import type { Outcome } from '../metering/index.ts'
import type { ProviderRequest } from '../providers/index.ts'
import type { Failure } from '../routing/index.ts'
import { Attempt, type AttemptEnd, type AttemptOwner } from './attempt.ts'
import { type Candidates, candidatesFor, standingOf } from './candidates.ts'
import { onClientGone } from './client.ts'
import {
  type Counted,
  countTextBytes,
  countTokens,
  countUsage,
  type Delivered,
  NOTHING_CONSUMED,
} from './count-usage.ts'
import { describeAttempt, describeRoute } from './describe-attempt.ts'
import { refuse } from './errors.ts'
import { makeRecord, notSent } from './make-record.ts'
import { markListing } from './mark-listing.ts'
import { type FailedEnd, nameFailure } from './name-failure.ts'
import type { Watched } from './open-watch.ts'
import { prepareBody } from './prepare-body.ts'
import type { Envelope } from './read-envelope.ts'
import type { Admitted, LeftReason, Relay } from './types.ts'
import {
  endAnswer,
  errorEvent,
  onceDrained,
  writeFailure,
  writeStreamHead,
  writeWhole,
} from './write-answer.ts'

/** How long an answer may wait for its usage to be committed. */
const COMMIT_TIMEOUT_MS = 5_000
const KEEP_ALIVE = Buffer.from(': keep-alive\n\n')

type AnswerOf<Kind> = Extract<AttemptEnd, { kind: Kind }>
/** A failed attempt that may be the last. */
interface Failed {
  readonly attempt: Attempt
  readonly end: FailedEnd & { readonly delivered: Delivered | null }
  readonly failure: Failure
}

/**
 * Dispatches an admitted request, again and elsewhere where that helps, and writes its answer.
 * Usage is recorded exactly once, whichever way it ends, and committed before the last byte leaves.
 * `ended` is called when all is over. Throws before anything is dispatched, and only then:
 * `gateway_listing_resting`, or what `dispatch` throws.
 */
export function runExchange(
  relay: Relay,
  admitted: Admitted,
  response: ServerResponse,
  ended: () => void,
): void {
  new Exchange(relay, admitted, response, ended).start()
}

class Exchange implements AttemptOwner, Watched {
  readonly isStream: boolean
  readonly wantsUsage: boolean
  readonly #relay: Relay
  /** Without the body: an answer may take long, and it is only needed until one has begun. */
  readonly #admitted: Omit<Admitted, 'envelope'>
  readonly #response: ServerResponse
  readonly #ended: () => void
  readonly #requestTextBytes: number
  /** Null once it cannot be sent again. */
  #envelope: Envelope | null
  #candidates: Candidates | null = null
  /** The one that runs, or else the last that did. */
  #attempt: Attempt | null = null
  #attempts = 0
  /** Why the listing that the name led to did not answer at once; null: nothing has failed. */
  #leftReason: LeftReason | null = null
  #backoff: NodeJS.Timeout | null = null
  /** Whether a part of the answer itself is on its way to the client: from here on, no retry. */
  #hasBegun = false
  #isSettled = false
  #isPaused = false
  /** Whether official clients are told that a retry of theirs is in vain. */
  #stopsRetries = false
  /** Time so far that was ours, and since when it is again. */
  #ownMs = 0
  #oursSinceMs: number
  /** Since when the client has been sent nothing; null: it has since it was last looked. */
  #silentSinceMs: number | null

  constructor(relay: Relay, admitted: Admitted, response: ServerResponse, ended: () => void) {
    this.#relay = relay
    const { envelope, ...rest } = admitted
    this.#admitted = rest
    this.#envelope = envelope
    this.isStream = envelope.isStream
    this.wantsUsage = envelope.wantsUsage
    this.#response = response
    this.#ended = ended
    this.#requestTextBytes = countTextBytes(envelope.body)
    this.#oursSinceMs = admitted.bodyReadMs
    this.#silentSinceMs = admitted.arrivedMs
  }

  start(): void {
    const nowMs = this.#relay.clock.monotonicMs()
    const isSent = this.#send(this.#chooseFirst(nowMs), nowMs)
    if (!isSent) throw this.#resting(nowMs)
    const { keepAliveMs, firstByteTimeoutMs, idleTimeoutMs } = this.#admitted.listing.resilience
    const shortestMs = Math.min(firstByteTimeoutMs, idleTimeoutMs)
    const isShorter = this.isStream && keepAliveMs > 0 && keepAliveMs < shortestMs
    this.#relay.watch.add(this, isShorter ? keepAliveMs : shortestMs)
    onClientGone(this.#response, () => this.#clientGone())
  }

  /** The listing that the name led to, unless it rests or is busy and another is well. */
  #chooseFirst(nowMs: number): LiveListing {
    const { listing } = this.#admitted
    const standing = standingOf(this.#relay.health, listing, nowMs)
    if (standing === 'healthy') return listing
    const candidates = this.#makeCandidates()
    const step = candidates.next(0, nowMs, 0)
    const chosen = step.kind === 'send' ? candidates.at(step.index) : undefined
    if (chosen === undefined) throw this.#resting(nowMs)
    if (chosen !== listing) {
      this.#leftReason = standing === 'resting' ? 'listing_resting' : 'upstream_busy'
      this.#relay.meters.fellBack(listing, this.#leftReason)
    }
    return chosen
  }

  #resting(nowMs: number): Error {
    const { modelName } = this.#admitted.listing
    return this.#makeCandidates().refuseResting(modelName, nowMs)
  }

  #makeCandidates(): Candidates {
    this.#candidates ??= candidatesFor(this.#admitted, this.#envelope, this.#relay.health)
    return this.#candidates
  }

  /** Dispatches to a listing, unless it rests by now or the body is gone. */
  #send(listing: LiveListing, nowMs: number): boolean {
    const envelope = this.#envelope
    if (envelope === null) return false
    const { dispatch, health, clock } = this.#relay
    const breaker = health.breakerOf(listing.listingId)
    const entry = listing.resilience.hasBreaker ? breaker.enter(nowMs) : 'free'
    if (entry === 'refused') return false
    const trial = entry === 'free' ? null : entry
    const attempt = new Attempt(this, clock, { listing, breaker, trial })
    this.#attempt = attempt
    this.#attempts += 1
    try {
      const request = this.#requestTo(listing, envelope)
      this.#ownMs += clock.monotonicMs() - this.#oursSinceMs
      attempt.send(dispatch, request)
    } catch (error) {
      breaker.leave(attempt.trial)
      throw error
    }
    if (this.#admitted.listing.resilience.retries === 0) this.#envelope = null
    return true
  }

  /** Time limits are watched here: the provider's side is told of the connection's alone. */
  #requestTo(listing: LiveListing, envelope: Envelope): ProviderRequest {
    const body = prepareBody(envelope, {
      upstreamModel: listing.upstreamModel,
      acceptsStreamOptions: listing.endpoint.quirks.acceptsStreamOptions,
    })
    const { operation, upstreamHeaders } = this.#admitted
    const { connectTimeoutMs } = listing.resilience
    return {
      operation,
      body,
      headers: upstreamHeaders,
      connectTimeoutMs,
      headersTimeoutMs: 0,
      bodyTimeoutMs: 0,
    }
  }

  takeBytes(attempt: Attempt, bytes: Buffer): void {
    if (!this.#hasBegun) this.#begin(attempt)
    this.#write(attempt, bytes)
  }

  takeEnd(attempt: Attempt, end: AttemptEnd): void {
    this.#oursSinceMs = this.#relay.clock.monotonicMs()
    if (end.kind === 'told' || end.kind === 'failed') {
      this.#takeFailure(attempt, end)
      return
    }
    this.#begin(attempt)
    attempt.breaker.succeeded(attempt.trial, this.#oursSinceMs)
    const work =
      end.kind === 'whole' ? this.#completeWhole(attempt, end) : this.#completeStream(attempt, end)
    this.#finish(work)
  }

  #begin(attempt: Attempt): void {
    this.#hasBegun = true
    this.#envelope = null
    attempt.breaker.began(attempt.trial)
  }

  async #completeWhole(attempt: Attempt, end: AnswerOf<'whole'>): Promise<void> {
    const { status, body, usage, upstreamId } = end
    const delivered = { usage, upstreamId, answerTextBytes: body.length }
    const counted = this.#count(attempt, delivered)
    if (this.#response.headersSent) {
      const message = 'The provider answered in one piece where a stream was asked for.'
      const error = refuse('gateway_upstream_failed', message)
      await this.#settle('upstream_error', counted)
      this.#writeError(error)
      return
    }
    const failure = await this.#settle('answered', counted)
    if (failure !== null) {
      this.#writeError(failure)
      return
    }
    const own = this.#ownHeaders()
    writeWhole(this.#response, { status, upstream: attempt.headers, own, body })
    this.#over()
  }

  /** The stream has said all: commits its usage, then writes what was held back, and ends. */
  async #completeStream(attempt: Attempt, { held }: AnswerOf<'streamed'>): Promise<void> {
    const failure = await this.#settle('answered', this.#count(attempt, attempt.delivered()))
    if (failure !== null) {
      this.#writeError(failure)
      return
    }
    if (!this.#response.destroyed) {
      if (!this.#response.headersSent) this.#writeHead(attempt)
      endAnswer(this.#response, held)
    }
    attempt.leave()
    this.#over()
  }

  #write(attempt: Attempt, bytes: Buffer): void {
    if (this.#response.destroyed) return
    if (!this.#response.headersSent) {
      this.#oursSinceMs = this.#relay.clock.monotonicMs()
      this.#writeHead(attempt)
    }
    this.#silentSinceMs = null
    if (this.#response.write(bytes) || this.#isPaused) return
    this.#isPaused = true
    attempt.pause()
    onceDrained(this.#response, () => {
      this.#isPaused = false
      attempt.resume()
    })
  }

  #writeHead(attempt: Attempt | null): void {
    const own = this.#ownHeaders()
    writeStreamHead(this.#response, attempt?.headers ?? {}, own)
  }

  tick(nowMs: number): void {
    try {
      this.#attempt?.checkTime(nowMs, this.#isPaused)
      if (this.isStream) this.#keepAlive(nowMs)
    } catch (error) {
      this.failByBug(error)
    }
  }

  /** All that is written are whole events, so that a comment may follow at any time. */
  #keepAlive(nowMs: number): void {
    const { keepAliveMs } = this.#admitted.listing.resilience
    if (keepAliveMs === 0 || this.#isSettled || this.#isPaused) return
    if (this.#silentSinceMs === null) this.#silentSinceMs = nowMs
    if (nowMs - this.#silentSinceMs < keepAliveMs || this.#response.destroyed) return
    if (!this.#response.headersSent) {
      this.#oursSinceMs = nowMs
      this.#writeHead(null)
    }
    this.#response.write(KEEP_ALIVE)
    this.#silentSinceMs = nowMs
  }

  #takeFailure(attempt: Attempt, end: Failed['end']): void {
    if (this.#isSettled) return
    const { clock } = this.#relay
    const isOwnEngine = attempt.listing.endpoint.socketPath !== null
    const { status, headers, isSent } = attempt
    const failure = nameFailure(end, { status, headers, isSent, isOwnEngine }, clock.nowMs())
    const scope = markListing(this.#relay, attempt, { failure, nowMs: this.#oursSinceMs })
    attempt.abort(end.kind === 'failed' ? end.error : new Error('it had failed'))
    const failed = { attempt, end, failure }
    if (this.#hasBegun || scope === 'never' || this.#envelope === null) {
      this.#answerFailure(failed)
      return
    }
    this.#leftReason ??= failure.reason
    this.#goOn(failed, scope === 'elsewhere')
  }

  /**
   * Sends the request again, here or elsewhere, now or later; or answers with the failure. What the
   * failed attempt cost (`failed.end.delivered`) is not recorded yet: this is where it would be.
   */
  #goOn(failed: Failed, isSpent: boolean): void {
    const { listing } = failed.attempt
    const { random, meters } = this.#relay
    const nowMs = this.#oursSinceMs
    const candidates = this.#makeCandidates()
    candidates.failed(listing, isSpent, nowMs + (failed.failure.retryAfterMs ?? 0))
    const step = candidates.next(this.#attempts, nowMs, random())
    const next = step.kind === 'send' ? candidates.at(step.index) : undefined
    if (step.kind === 'stop' || next === undefined) {
      this.#answerFailure(failed)
      return
    }
    const isSame = next === listing
    this.#logFailure(failed, { next: isSame ? 'again' : 'fallback', wait_ms: step.waitMs })
    if (isSame) meters.retried(listing, failed.failure.reason)
    else meters.fellBack(listing, failed.failure.reason)
    const resend = (): void => {
      this.#backoff = null
      if (!this.#send(next, this.#relay.clock.monotonicMs())) this.#answerFailure(failed)
    }
    if (step.waitMs <= 0) resend()
    else this.#backoff = setTimeout(() => this.#guard(resend), step.waitMs)
  }

  /** Nothing more is tried: the client gets what the last attempt brought. */
  #answerFailure(failed: Failed): void {
    const { attempt, end, failure } = failed
    this.#logFailure(failed, { next: 'none' })
    // Never both retry here and invite the client to; when to come again it may be told.
    const knowsWhen = failure.reason === 'upstream_busy' && failure.retryAfterMs !== null
    this.#stopsRetries = failure.isFinal || (this.#attempts > 1 && !knowsWhen)
    this.#envelope = null
    this.#finish(this.#writeFailed(attempt, end))
  }

  async #writeFailed(attempt: Attempt, end: Failed['end']): Promise<void> {
    const counted = end.delivered === null ? NOTHING_CONSUMED : this.#count(attempt, end.delivered)
    await this.#settle('upstream_error', counted)
    if (end.kind === 'failed') {
      this.#writeError(end.error)
      return
    }
    const { status, body } = end
    if (this.#response.headersSent) {
      endAnswer(this.#response, errorEvent(body, status))
    } else {
      const own = this.#ownHeaders()
      writeWhole(this.#response, { status, upstream: attempt.headers, own, body })
    }
    this.#over()
  }

  /** One line for each failed attempt; none for what the client's own request is to blame for. */
  #logFailure({ attempt, end, failure }: Failed, more: object): void {
    if (failure.reason === 'request_refused') return
    const known = { request_id: this.#admitted.requestId, attempt: this.#attempts }
    const error = end.kind === 'failed' ? end.error : null
    const fields = describeAttempt(attempt, failure, error)
    this.#relay.log.warn({ ...known, ...fields, ...more }, 'upstream failed')
  }

  #clientGone(): void {
    const settled = this.#breakOff('client gone')
    if (settled !== null) this.#finish(settled.then(() => this.#over()))
  }

  stop(): void {
    this.#guard(() => {
      const settled = this.#breakOff('the market stops')
      const message = 'The market stopped before the answer was whole. Ask again in a moment.'
      const error = refuse('gateway_stopping', message, { retryAfterSeconds: 5 })
      if (settled !== null) this.#finish(settled.then(() => this.#writeError(error)))
    })
  }

  /** Records what came until now; null where that is done already. */
  #breakOff(why: string): Promise<unknown> | null {
    const attempt = this.#attempt
    const isWaiting = this.#backoff !== null
    if (this.#backoff !== null) clearTimeout(this.#backoff)
    this.#backoff = null
    if (attempt !== null && !attempt.isOver) attempt.breaker.leave(attempt.trial)
    attempt?.abort(new Error(why))
    if (this.#isSettled) return null
    // What failed attempts cost is not counted yet: while it waits for the next there is nothing.
    const counted = isWaiting ? NOTHING_CONSUMED : this.#abortedCount(attempt)
    return this.#settle('aborted', counted)
  }

  /** A client that left before the answer began: what was sent on was read, nothing came back. */
  #abortedCount(attempt: Attempt | null): Counted {
    if (attempt === null) return NOTHING_CONSUMED
    if (attempt.isStreamed) return this.#count(attempt, attempt.delivered())
    return attempt.isSent ? this.#count(attempt, {}) : NOTHING_CONSUMED
  }

  #finish(work: Promise<void>): void {
    work.catch((error: unknown) => this.failByBug(error))
  }

  /** Callbacks of timers: what is thrown from one would end the process. */
  #guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.failByBug(error)
    }
  }

  /** A bug costs this request, never the process, and what it consumed is recorded. */
  failByBug(error: unknown): void {
    const reason = error instanceof Error ? error.stack : String(error)
    const { requestId } = this.#admitted
    this.#relay.log.error({ request_id: requestId, reason }, 'request failed by a bug')
    const attempt = this.#attempt
    if (attempt !== null && !attempt.isOver) attempt.breaker.leave(attempt.trial)
    const delivered = attempt?.delivered() ?? null
    const counted =
      attempt === null || delivered === null ? NOTHING_CONSUMED : this.#count(attempt, delivered)
    const settled = this.#isSettled ? Promise.resolve() : this.#settle('upstream_error', counted)
    attempt?.abort(new Error('failed by a bug')) // its record is made, so nothing more comes of it
    const close = (): void => {
      this.#response.destroy()
      this.#over()
    }
    settled.then(close, close)
  }

  #writeError(error: Error): void {
    this.#attempt?.abort(error)
    const shaped = this.#relay.shapeError(error, this.#admitted.requestId)
    writeFailure(this.#response, { error, shaped, own: this.#ownHeaders() })
    this.#over()
  }

  #over(): void {
    this.#relay.watch.delete(this)
    this.#envelope = null
    this.#ended()
  }

  #count(attempt: Attempt, delivered: Delivered | null): Counted {
    const { operation } = this.#admitted
    const { contextTokens } = attempt.listing
    const asked = { operation, requestTextBytes: this.#requestTextBytes, contextTokens }
    return countUsage(asked, delivered ?? {})
  }

  /** Records the usage, once, and ends the hold. Null when it is committed, else why it is not. */
  async #settle(outcome: Outcome, counted: Counted): Promise<Error | null> {
    if (this.#isSettled) return null
    this.#isSettled = true
    this.#admitted.hold?.settle(countTokens(counted.tokens))
    const sinceMs = this.#relay.clock.monotonicMs()
    const deciding = this.#attempt ?? notSent(this.#admitted.listing)
    const end = { outcome, counted, isStream: this.isStream, nowMs: sinceMs }
    const usage = makeRecord(this.#admitted, deciding, end)
    let failure: Error | null = null
    try {
      await this.#relay.record(usage, COMMIT_TIMEOUT_MS)
    } catch (error) {
      failure = error instanceof Error ? error : refuse('gateway_upstream_failed', String(error))
    }
    const overheadMs = this.#ownMs + this.#relay.clock.monotonicMs() - sinceMs
    this.#relay.meters.finished(usage, this.#answering, overheadMs)
    return failure
  }

  /** Whose answer, or failure, the client gets. */
  get #answering(): LiveListing {
    return this.#attempt?.listing ?? this.#admitted.listing
  }

  #ownHeaders(): Record<string, string> {
    const { requestId, how, hold, listing } = this.#admitted
    const answering = this.#answering
    const reason = answering === listing ? null : this.#leftReason
    const overheadMs = this.#ownMs + this.#relay.clock.monotonicMs() - this.#oursSinceMs
    const own: Record<string, string> = {
      'x-request-id': requestId,
      'x-content-type-options': 'nosniff',
      'x-baimo-listing': answering.listingId,
      'x-baimo-route': describeRoute(how, this.#attempts, reason),
      'x-baimo-overhead-ms': overheadMs.toFixed(2),
    }
    if (this.#stopsRetries) own['x-should-retry'] = 'false'
    return hold === null ? own : Object.assign(own, hold.headers)
  }
}
