// edge: a request sent once to one listing, and what comes of it.
import type { LiveListing } from '../catalog/index.ts'
import type { Clock, Json } from '../kernel/index.ts'
import type {
  Abort,
  DispatchControl,
  ProviderHandler,
  ProviderRequest,
  ResponseHeaders,
} from '../providers/index.ts'
import type { Breaker, Ticket } from '../routing/index.ts'
import { type AnswerShare, CHUNK_BYTES } from './answer-budget.ts'
import { firstValue, isOfType } from './client.ts'
import type { Delivered } from './count-usage.ts'
import { decoderOf } from './decode-answer.ts'
import { refuse } from './errors.ts'
import { judgeWholeAnswer } from './judge-answer.ts'
import type { FailedEnd } from './name-failure.ts'
import { StreamedAnswer, type StreamSink } from './streamed-answer.ts'
import type { GatewayParts } from './types.ts'

/** A whole answer larger than this is refused; the largest real ones are embeddings. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024
const MAX_ERROR_BYTES = 1024 * 1024
/** What unfolds to so many times its size, and to so much, is made to fill memory. */
const MOST_UNFOLDING = 100
const UNFOLDING_BYTES = 8 * 1024 * 1024
const LEAVE_UPSTREAM_MS = 1_000

/** How an attempt ended. What of a failed one was `delivered` is counted; null: nothing was. */
export type AttemptEnd =
  | {
      readonly kind: 'whole'
      readonly status: number
      readonly body: Buffer
      readonly usage: Json | undefined
      readonly upstreamId: string | null
    }
  /** A stream has said all; `held` is what must wait for the commit. */
  | { readonly kind: 'streamed'; readonly held: Buffer }
  | (FailedEnd & { readonly delivered: Delivered | null })

/** Whose attempt it is: hears of it. */
export interface AttemptOwner {
  readonly isStream: boolean
  readonly wantsUsage: boolean
  /** Whole events of a streamed answer, to be sent on now. */
  takeBytes(attempt: Attempt, bytes: Buffer): void
  /** Called once, and nothing after it; not at all for an attempt that was given up. */
  takeEnd(attempt: Attempt, end: AttemptEnd): void
  /** What a callback of ours threw. */
  failByBug(error: unknown): void
}

/** One dispatch to one listing: its answer decoded, cut into events or gathered, and judged. */
export class Attempt implements ProviderHandler, StreamSink {
  readonly listing: LiveListing
  readonly breaker: Breaker
  /** Its number at the breaker; null: it went past it. */
  readonly ticket: Ticket
  readonly wantsUsage: boolean
  readonly #owner: AttemptOwner
  readonly #clock: Clock
  /** Whether its bytes have begun to go to the provider: until then nothing was consumed. */
  isSent = false
  status: number | null = null
  headers: ResponseHeaders = {}
  /** When the first byte of the answer's body came, on the monotonic clock; null: none has. */
  firstByteAtMs: number | null = null
  readonly #share: AnswerShare
  #abort: Abort = () => undefined
  #control: DispatchControl | null = null
  #isOver = false
  #hasUpstreamEnded = false
  #sentAtMs = 0
  /** Whether something of its content has come: it is more than a sign of life. */
  #hasContent = false
  /** Since when nothing of it has come; null: something has since it was last looked. */
  #quietSinceMs: number | null = null
  #decode: ReturnType<typeof decoderOf> = null
  #whole: Buffer[] = []
  #wholeBytes = 0
  #isNoAnswer = false
  #receivedBytes = 0
  #decodedBytes = 0
  #stream: StreamedAnswer | null = null

  constructor(
    owner: AttemptOwner,
    clock: Clock,
    to: { listing: LiveListing; breaker: Breaker; ticket: Ticket; share: AnswerShare },
  ) {
    this.#owner = owner
    this.#clock = clock
    this.listing = to.listing
    this.breaker = to.breaker
    this.ticket = to.ticket
    this.#share = to.share
    this.wantsUsage = owner.wantsUsage
  }

  send(dispatch: GatewayParts['dispatch'], request: ProviderRequest): void {
    this.#abort = dispatch(this.listing.endpoint, request, this)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Gives it up, or closes what still runs of one that has ended. Nothing more is heard of it. */
  abort(reason: Error): void {
    this.#isOver = true
    this.#letGo()
    if (!this.#hasUpstreamEnded) this.#abort(reason)
  }

  /** What it held of its answer is held no more. */
  release(): void {
    this.#share.release()
  }

  #letGo(): void {
    this.#whole = []
    this.#decode?.destroy()
    this.#share.release()
  }

  /** After [DONE] nothing is waited for, but a moment lets the connection end in order. */
  leave(): void {
    if (this.#hasUpstreamEnded) return
    setTimeout(() => {
      if (!this.#hasUpstreamEnded) this.#abort(new Error('the answer was over'))
    }, LEAVE_UPSTREAM_MS).unref()
  }

  /** A decoder that is paused fills up and then stops the upstream by itself. */
  pause(): void {
    const source = this.#decode ?? this.#control
    source?.pause()
  }

  resume(): void {
    const source = this.#decode ?? this.#control
    source?.resume()
  }

  /** Whether its answer comes in events. */
  get isStreamed(): boolean {
    return this.#stream !== null
  }

  /** What came of it so far, to be counted when it goes no further; null: nothing was consumed. */
  delivered(): Delivered | null {
    if (this.#stream !== null) {
      const { usage, upstreamId, deltaCount, textBytes } = this.#stream
      return { usage, upstreamId, deltaCount, answerTextBytes: textBytes }
    }
    if (this.status === null || this.status >= 400) return null
    // What is larger than any answer is none: its bytes are not tokens of anything.
    return { answerTextBytes: this.#isNoAnswer ? 0 : this.#wholeBytes }
  }

  /** Ends it when it took too long. `isHeldBack`: it is the client that does not read. */
  checkTime(nowMs: number, isHeldBack: boolean): void {
    if (this.#isOver || !this.isSent) return
    const { firstByteTimeoutMs, idleTimeoutMs } = this.listing.resilience
    if (!this.#hasContent) {
      if (nowMs - this.#sentAtMs < firstByteTimeoutMs) return
      this.#fail(refuse('gateway_upstream_timeout', 'The provider began no answer in time.'))
      return
    }
    if (isHeldBack) this.#quietSinceMs = null
    else if (this.#quietSinceMs === null) this.#quietSinceMs = nowMs
    else if (nowMs - this.#quietSinceMs >= idleTimeoutMs) {
      const message = 'The provider fell silent in the middle of its answer.'
      this.#fail(refuse('gateway_upstream_timeout', message))
    }
  }

  onRequestStart(): void {
    this.isSent = true
    this.#sentAtMs = this.#clock.monotonicMs()
  }

  onResponseStart(control: DispatchControl, status: number, headers: ResponseHeaders): void {
    if (this.#isOver) return
    this.#control = control
    this.status = status
    this.headers = headers
    const encoding = headers['content-encoding']
    if (encoding !== undefined) this.#decode = this.#decoderFor(firstValue(encoding))
    if (status >= 400 || !this.#owner.isStream) return
    if (isOfType(headers, 'text/event-stream')) this.#stream = new StreamedAnswer(this)
  }

  #decoderFor(encoding: string | undefined): ReturnType<typeof decoderOf> {
    return decoderOf(encoding, {
      data: (bytes) => this.#guard(() => this.#takeDecoded(bytes)),
      end: () => this.#guard(() => this.#takeEnd()),
      error: (error) => this.#guard(() => this.#fail(error)),
    })
  }

  onResponseData(control: DispatchControl, chunk: Buffer): void {
    if (this.#isOver) return
    this.#receivedBytes += chunk.length
    if (this.#decode === null) {
      try {
        this.#takeBytes(chunk)
      } catch (error) {
        this.#owner.failByBug(error)
      }
    } else if (!this.#decode.write(chunk)) {
      control.pause()
      this.#decode.once('drain', () => control.resume())
    }
  }

  onResponseEnd(): void {
    this.#hasUpstreamEnded = true
    if (this.#isOver) return
    if (this.#decode === null) this.#guard(() => this.#takeEnd())
    else this.#decode.end()
  }

  onResponseError(_control: DispatchControl, error: Error): void {
    this.#hasUpstreamEnded = true
    this.#guard(() => this.#fail(error))
  }

  /** Callbacks of streams and sockets: what is thrown from one would end the process. */
  #guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#owner.failByBug(error)
    }
  }

  #takeDecoded(bytes: Buffer): void {
    this.#decodedBytes += bytes.length
    const isBomb =
      this.#stream === null &&
      this.#decodedBytes > UNFOLDING_BYTES &&
      this.#decodedBytes > this.#receivedBytes * MOST_UNFOLDING
    if (isBomb) this.#refuse('The provider sent an answer that unfolds to far more than it is.')
    else this.#takeBytes(bytes)
  }

  #takeBytes(bytes: Buffer): void {
    if (this.#isOver) return
    this.firstByteAtMs ??= this.#clock.monotonicMs()
    if (this.#stream === null) this.#takeWhole(bytes)
    else this.#takeStreamed(this.#stream, bytes)
  }

  #takeStreamed(stream: StreamedAnswer, bytes: Buffer): void {
    const before = stream.contentCount
    stream.push(bytes)
    if (stream.contentCount !== before) this.#getFurther()
    if (!this.#isOver) this.#hold(stream.heldBytes)
  }

  #takeWhole(bytes: Buffer): void {
    if (!isBlank(bytes)) this.#getFurther()
    this.#wholeBytes += bytes.length
    this.#whole.push(bytes)
    if ((this.status ?? 0) >= 400 && this.#wholeBytes > MAX_ERROR_BYTES) {
      this.#refuse('The provider sent an error of more than 1 MiB.')
    } else if (this.#wholeBytes > MAX_ANSWER_BYTES) {
      this.#refuse('The provider sent more than 128 MiB.')
    } else this.#hold(this.#wholeBytes + this.#whole.length * CHUNK_BYTES)
  }

  #getFurther(): void {
    this.#hasContent = true
    this.#quietSinceMs = null
  }

  #hold(sizeBytes: number): void {
    if (this.#share.hold(sizeBytes)) return
    this.#isNoAnswer = true
    const message = 'Answers that are under way fill the memory kept for them; try again later.'
    this.#fail(refuse('gateway_answers_too_many', message, { retryAfterSeconds: 1 }))
  }

  /** What it sends is larger than any answer. */
  #refuse(message: string): void {
    this.#isNoAnswer = true
    this.#fail(refuse('gateway_upstream_failed', message))
  }

  #takeEnd(): void {
    if (this.#isOver) return
    if (this.#stream !== null) {
      this.#stream.end()
      return
    }
    const only = this.#whole.length === 1 ? this.#whole[0] : undefined
    const body = only ?? Buffer.concat(this.#whole)
    const status = this.status ?? 502
    const judged = judgeWholeAnswer(
      { status, headers: this.headers, nowMs: this.#clock.nowMs() },
      body,
    )
    if (judged.kind === 'refused') {
      this.#end({ kind: 'failed', error: judged.refusal, delivered: null })
    } else if (judged.kind === 'dialect-error') {
      this.#end({ kind: 'told', status: judged.status, body, delivered: null })
    } else {
      const { usage, upstreamId } = judged
      this.#end({ kind: 'whole', status, body, usage, upstreamId })
    }
  }

  write(bytes: Buffer): void {
    this.#owner.takeBytes(this, bytes)
  }

  complete(held: Buffer): void {
    this.#end({ kind: 'streamed', held })
  }

  fail(error: Error): void {
    this.#fail(error)
  }

  failFirst(body: Buffer, status: number): void {
    this.#end({ kind: 'told', status, body, delivered: null })
  }

  #fail(error: Error): void {
    if (!this.#isOver) this.#end({ kind: 'failed', error, delivered: this.delivered() })
  }

  #end(end: AttemptEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    // A whole answer is held until its client has it, or is gone.
    if (end.kind !== 'whole') this.#letGo()
    this.#whole = []
    this.#owner.takeEnd(this, end)
  }
}

/** Whether it holds white space alone, which says nothing in JSON. */
function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) {
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return false
  }
  return true
}
