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
import { firstValue, isOfType } from './client.ts'
import type { Delivered } from './count-usage.ts'
import { decoderOf } from './decode-answer.ts'
import { refuse } from './errors.ts'
import { judgeWholeAnswer } from './judge-answer.ts'
import type { FailedEnd } from './name-failure.ts'
import { StreamedAnswer, type StreamSink } from './streamed-answer.ts'
import type { GatewayParts } from './types.ts'

/** A whole answer larger than this is refused; the largest real ones are embeddings. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024
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
  #abort: Abort = () => undefined
  #control: DispatchControl | null = null
  #isOver = false
  #hasUpstreamEnded = false
  #sentAtMs = 0
  /** Since when nothing has come; null: something has since it was last looked. */
  #quietSinceMs: number | null = null
  #decode: ReturnType<typeof decoderOf> = null
  #whole: Buffer[] = []
  #wholeBytes = 0
  #stream: StreamedAnswer | null = null

  constructor(
    owner: AttemptOwner,
    clock: Clock,
    to: { listing: LiveListing; breaker: Breaker; ticket: Ticket },
  ) {
    this.#owner = owner
    this.#clock = clock
    this.listing = to.listing
    this.breaker = to.breaker
    this.ticket = to.ticket
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
    if (!this.#hasUpstreamEnded) this.#abort(reason)
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
    return { answerTextBytes: this.#wholeBytes > MAX_ANSWER_BYTES ? 0 : this.#wholeBytes }
  }

  /** Ends it when it took too long. `isHeldBack`: it is the client that does not read. */
  checkTime(nowMs: number, isHeldBack: boolean): void {
    if (this.#isOver || !this.isSent) return
    const { firstByteTimeoutMs, idleTimeoutMs } = this.listing.resilience
    if (this.firstByteAtMs === null) {
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
      data: (bytes) => this.#guard(() => this.#takeBytes(bytes)),
      end: () => this.#guard(() => this.#takeEnd()),
      error: (error) => this.#guard(() => this.#fail(error)),
    })
  }

  onResponseData(control: DispatchControl, chunk: Buffer): void {
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

  #takeBytes(bytes: Buffer): void {
    if (this.#isOver) return
    this.firstByteAtMs ??= this.#clock.monotonicMs()
    this.#quietSinceMs = null
    if (this.#stream !== null) {
      this.#stream.push(bytes)
      return
    }
    this.#wholeBytes += bytes.length
    this.#whole.push(bytes)
    if (this.#wholeBytes <= MAX_ANSWER_BYTES) return
    this.#fail(refuse('gateway_upstream_failed', 'The provider sent more than 256 MiB.'))
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
    this.#owner.takeEnd(this, end)
  }
}
