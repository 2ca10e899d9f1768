// edge: one request's way from dispatch to the last byte of its answer.
import type { ServerResponse } from 'node:http'
import type { Outcome, Usage } from '../metering/index.ts'
import type {
  Abort,
  DispatchControl,
  ProviderHandler,
  ResponseHeaders,
} from '../providers/index.ts'
import { firstValue, isOfType, onClientGone } from './client.ts'
import {
  type Asked,
  type Counted,
  countTextBytes,
  countUsage,
  type Delivered,
  NOTHING_CONSUMED,
} from './count-usage.ts'
import { decoderOf } from './decode-answer.ts'
import { refuse } from './errors.ts'
import { judgeWholeAnswer } from './judge-answer.ts'
import { prepareBody } from './prepare-body.ts'
import type { Envelope } from './read-envelope.ts'
import { StreamedAnswer } from './streamed-answer.ts'
import type { Admitted, GatewayParts } from './types.ts'
import {
  endAnswer,
  onceDrained,
  writeFailure,
  writeStreamHead,
  writeWhole,
} from './write-answer.ts'

/** How long an answer may wait for its usage to be committed. */
const COMMIT_TIMEOUT_MS = 5_000
const HEADERS_TIMEOUT_MS = 600_000
const BODY_TIMEOUT_MS = 300_000
const LEAVE_UPSTREAM_MS = 1_000
/** A whole answer larger than this is refused; the largest real ones are embeddings. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024

/**
 * Dispatches an admitted request and writes its answer. Usage is recorded exactly once, whichever
 * way it ends, and committed before the last byte leaves. `ended` is called when all is over.
 */
export function runExchange(
  parts: GatewayParts,
  admitted: Admitted,
  response: ServerResponse,
  ended: () => void,
): void {
  new Exchange(parts, admitted, response, ended).start(admitted.envelope)
}

class Exchange implements ProviderHandler {
  readonly #parts: GatewayParts
  /** Without the body: an answer may take long, and the provider's request holds it already. */
  readonly #admitted: Omit<Admitted, 'envelope'>
  readonly #isStream: boolean
  readonly #wantsUsage: boolean
  readonly #response: ServerResponse
  readonly #ended: () => void
  readonly #asked: Asked
  #abort: Abort = () => undefined
  #isClientGone = false
  /** Whether its bytes have begun to go to the provider: until then nothing was consumed. */
  #isSent = false
  #isSettled = false
  #hasUpstreamEnded = false
  #isPaused = false
  #dispatchedMs = 0
  #firstByteMs: number | null = null
  #status: number | null = null
  #headers: ResponseHeaders = {}
  #decode: ReturnType<typeof decoderOf> = null
  #whole: Buffer[] = []
  #wholeBytes = 0
  #stream: StreamedAnswer | null = null

  constructor(
    parts: GatewayParts,
    admitted: Admitted,
    response: ServerResponse,
    ended: () => void,
  ) {
    this.#parts = parts
    const { envelope, ...rest } = admitted
    this.#admitted = rest
    this.#isStream = envelope.isStream
    this.#wantsUsage = envelope.wantsUsage
    this.#response = response
    this.#ended = ended
    this.#asked = {
      operation: admitted.operation,
      requestTextBytes: countTextBytes(envelope.body),
      contextTokens: admitted.listing.contextTokens,
    }
  }

  start(envelope: Envelope): void {
    const { listing, operation } = this.#admitted
    onClientGone(this.#response, () => this.#clientGone())
    const body = prepareBody(envelope, {
      upstreamModel: listing.upstreamModel,
      acceptsStreamOptions: listing.endpoint.quirks.acceptsStreamOptions,
    })
    this.#dispatchedMs = this.#parts.clock.monotonicMs()
    const accept = envelope.isStream ? 'text/event-stream' : 'application/json'
    const request = {
      operation,
      body,
      headers: { 'content-type': 'application/json', accept, 'user-agent': 'baimo' },
      headersTimeoutMs: HEADERS_TIMEOUT_MS,
      bodyTimeoutMs: BODY_TIMEOUT_MS,
    }
    this.#abort = this.#parts.dispatch(listing.endpoint, request, this)
  }

  onRequestStart(): void {
    this.#isSent = true
  }

  onResponseStart(control: DispatchControl, status: number, headers: ResponseHeaders): void {
    this.#status = status
    this.#headers = headers
    this.#decode = decoderOf(firstValue(headers['content-encoding']), {
      data: (bytes) => this.#guard(() => this.#answerBytes(control, bytes)),
      end: () => this.#guard(() => this.#answerEnd()),
      error: (error) => this.onResponseError(control, error),
    })
    if (status >= 400 || !this.#isStream) return
    if (!isOfType(headers, 'text/event-stream')) return
    this.#stream = new StreamedAnswer({
      wantsUsage: this.#wantsUsage,
      write: (bytes) => this.#writeStream(control, bytes),
      complete: (held) => this.#finish(this.#completeStream(held)),
      fail: (error) => this.#failUpstream(error, this.#streamCount()),
      failFirst: (body, errorStatus) =>
        this.#finish(this.#answerWith(errorStatus, body, 'upstream_error')),
    })
  }

  onResponseData(control: DispatchControl, chunk: Buffer): void {
    if (this.#decode === null) this.#guard(() => this.#answerBytes(control, chunk))
    else if (!this.#decode.write(chunk)) {
      control.pause()
      this.#decode.once('drain', () => control.resume())
    }
  }

  onResponseEnd(): void {
    this.#hasUpstreamEnded = true
    if (this.#decode === null) this.#guard(() => this.#answerEnd())
    else this.#decode.end()
  }

  onResponseError(_control: DispatchControl, error: Error): void {
    if (this.#isClientGone) return
    this.#guard(() => this.#failUpstream(error, this.#brokenCount()))
  }

  /** Callbacks of streams and sockets: what is thrown from one would end the process. */
  #guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#failByBug(error)
    }
  }

  #answerBytes(control: DispatchControl, bytes: Buffer): void {
    if (this.#isSettled) return
    this.#firstByteMs ??= this.#parts.clock.monotonicMs() - this.#admitted.arrivedMs
    if (this.#stream !== null) {
      this.#stream.push(bytes)
      return
    }
    this.#wholeBytes += bytes.length
    this.#whole.push(bytes)
    if (this.#wholeBytes <= MAX_ANSWER_BYTES) return
    control.pause()
    const tooLarge = refuse('gateway_upstream_failed', 'The provider sent more than 256 MiB.')
    this.#failUpstream(tooLarge, this.#brokenCount())
  }

  #answerEnd(): void {
    if (this.#isSettled) return
    if (this.#stream !== null) {
      this.#stream.end()
      return
    }
    const only = this.#whole.length === 1 ? this.#whole[0] : undefined
    const body = only ?? Buffer.concat(this.#whole)
    const status = this.#status ?? 502
    const judged = judgeWholeAnswer(status, this.#headers, body)
    if (judged.kind === 'refused') this.#failUpstream(judged.refusal)
    else if (judged.kind === 'dialect-error') {
      this.#finish(this.#answerWith(judged.status, body, 'upstream_error'))
    } else this.#finish(this.#completeWhole(body, status, judged))
  }

  async #completeWhole(
    body: Buffer,
    status: number,
    judged: Pick<Delivered, 'usage' | 'upstreamId'>,
  ): Promise<void> {
    const counted = countUsage(this.#asked, { ...judged, answerTextBytes: body.length })
    await this.#answerWith(status, body, 'answered', counted)
  }

  /** Commits the usage, then writes a whole answer at once. */
  async #answerWith(
    status: number,
    body: Buffer,
    outcome: Outcome,
    counted: Counted = NOTHING_CONSUMED,
  ): Promise<void> {
    const endedMs = this.#parts.clock.monotonicMs()
    const failure = await this.#settle(outcome, counted)
    if (failure !== null && outcome === 'answered') {
      this.#writeError(failure)
      return
    }
    const own = this.#ownHeaders(this.#overheadMs(endedMs))
    writeWhole(this.#response, { status, upstream: this.#headers, own, body })
    this.#ended()
  }

  #writeStream(control: DispatchControl, bytes: Buffer): void {
    if (this.#response.destroyed) return
    if (!this.#response.headersSent) this.#writeStreamHead()
    if (this.#response.write(bytes) || this.#isPaused) return
    this.#isPaused = true
    // A decoder that is paused fills up and then stops the upstream by itself.
    const source = this.#decode ?? control
    source.pause()
    onceDrained(this.#response, () => {
      this.#isPaused = false
      source.resume()
    })
  }

  #writeStreamHead(): void {
    const now = this.#parts.clock.monotonicMs()
    writeStreamHead(this.#response, this.#headers, this.#ownHeaders(this.#overheadMs(now)))
  }

  /** The stream has said all: commits its usage, then writes what was held back, and ends. */
  async #completeStream(held: Buffer): Promise<void> {
    const failure = await this.#settle('answered', this.#streamCount())
    if (failure !== null) {
      this.#writeError(failure)
      return
    }
    if (!this.#response.destroyed) {
      if (!this.#response.headersSent) this.#writeStreamHead()
      endAnswer(this.#response, held)
    }
    if (!this.#hasUpstreamEnded) this.#leaveUpstream()
    this.#ended()
  }

  /** After [DONE] nothing is waited for, but a moment lets the connection end in order. */
  #leaveUpstream(): void {
    setTimeout(() => {
      if (!this.#hasUpstreamEnded) this.#abort(new Error('the answer was over'))
    }, LEAVE_UPSTREAM_MS).unref()
  }

  #failUpstream(error: Error, counted?: Counted): void {
    if (this.#isSettled) return
    this.#parts.log.warn(
      {
        request_id: this.#admitted.requestId,
        listing_id: this.#admitted.listing.listingId,
        upstream_status: this.#status,
        code: 'code' in error ? error.code : undefined,
        reason: error.message,
        ...causeOf(error),
      },
      'upstream failed',
    )
    this.#finish(this.#settle('upstream_error', counted).then(() => this.#writeError(error)))
  }

  #clientGone(): void {
    this.#isClientGone = true
    this.#abort(new Error('client gone'))
    if (this.#isSettled) return
    const settled = this.#settle('aborted', this.#abortedCount())
    this.#finish(settled.then(() => this.#ended()))
  }

  #finish(work: Promise<void>): void {
    work.catch((error: unknown) => this.#failByBug(error))
  }

  /** A bug costs this request, never the process, and what it consumed is recorded. */
  #failByBug(error: unknown): void {
    const reason = error instanceof Error ? error.stack : String(error)
    const { requestId } = this.#admitted
    this.#parts.log.error({ request_id: requestId, reason }, 'request failed by a bug')
    const settled = this.#isSettled
      ? Promise.resolve()
      : this.#settle('upstream_error', this.#brokenCount())
    this.#abort(new Error('failed by a bug')) // its record is made, so nothing more comes of it
    const close = (): void => {
      this.#response.destroy()
      this.#ended()
    }
    settled.then(close, close)
  }

  #writeError(error: Error): void {
    this.#abort(error)
    const shaped = this.#parts.shapeError(error, this.#admitted.requestId)
    writeFailure(this.#response, { error, shaped, own: this.#ownHeaders(0) })
    this.#ended()
  }

  #streamCount(): Counted {
    return countUsage(this.#asked, {
      usage: this.#stream?.usage ?? null,
      upstreamId: this.#stream?.upstreamId ?? null,
      deltaCount: this.#stream?.deltaCount ?? 0,
      answerTextBytes: this.#stream?.textBytes ?? 0,
    })
  }

  /** An answer that broke off: what came of it was made, and its request was read. */
  #brokenCount(): Counted {
    if (this.#stream !== null) return this.#streamCount()
    if (this.#status === null || this.#status >= 400) return NOTHING_CONSUMED
    // What is larger than any answer is none: its bytes are not tokens of anything.
    const answerTextBytes = this.#wholeBytes > MAX_ANSWER_BYTES ? 0 : this.#wholeBytes
    return countUsage(this.#asked, { answerTextBytes })
  }

  /** A client that left before the answer began: what was sent on was read, nothing came back. */
  #abortedCount(): Counted {
    if (this.#stream !== null) return this.#streamCount()
    return this.#isSent ? countUsage(this.#asked, {}) : NOTHING_CONSUMED
  }

  /** Records the usage, once. Null when it is committed, else why it is not. */
  async #settle(outcome: Outcome, counted: Counted = NOTHING_CONSUMED): Promise<Error | null> {
    if (this.#isSettled) return null
    this.#isSettled = true
    const usage = this.#usageRecord(outcome, counted)
    const sinceMs = this.#parts.clock.monotonicMs()
    let failure: Error | null = null
    try {
      await this.#parts.record(usage, COMMIT_TIMEOUT_MS)
    } catch (error) {
      failure = error instanceof Error ? error : refuse('gateway_upstream_failed', String(error))
    }
    this.#parts.meters.finished(usage, this.#admitted.listing, this.#overheadMs(sinceMs))
    return failure
  }

  #usageRecord(outcome: Outcome, counted: Counted): Usage {
    const { requestId, principal, listing, operation } = this.#admitted
    return {
      id: requestId,
      organisationId: principal.organisationId,
      subjectId: principal.subjectId,
      keyId: principal.keyId,
      teamId: principal.teamId,
      modelId: listing.modelId,
      variantId: listing.variantId,
      listingId: listing.listingId,
      purpose: 'use',
      operation,
      isStream: this.#isStream,
      tokens: counted.tokens,
      source: counted.source,
      outcome,
      upstreamStatus: this.#status,
      upstreamId: counted.upstreamId,
      startedAtMs: this.#admitted.startedAtMs,
      firstByteMs: this.#firstByteMs,
      totalMs: this.#parts.clock.monotonicMs() - this.#admitted.arrivedMs,
    }
  }

  #ownHeaders(overheadMs: number): Record<string, string> {
    const { requestId, listing, how } = this.#admitted
    return {
      'x-request-id': requestId,
      'x-baimo-listing': listing.listingId,
      'x-baimo-route': how,
      'x-baimo-overhead-ms': overheadMs.toFixed(2),
    }
  }

  /** Time of ours: from the whole request to its dispatch, and from `sinceMs` to now. */
  #overheadMs(sinceMs: number): number {
    const before = this.#dispatchedMs - this.#admitted.bodyReadMs
    return before + (this.#parts.clock.monotonicMs() - sinceMs)
  }
}

/** What lies beneath a failure, for the operator: the code of a system call, say. */
function causeOf(error: Error): { cause_code?: string; cause?: string } {
  const { cause } = error
  const inner = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause
  if (!(inner instanceof Error)) return {}
  const code = 'code' in inner && typeof inner.code === 'string' ? { cause_code: inner.code } : {}
  return { ...code, cause: inner.message }
}
