// edge: one dispatched request: what comes of its attempts is recorded, and goes to its client.
import { NO_SLOT } from '../kernel/index.ts'
import type { Attempt, AttemptEnd } from './attempt.ts'
import { Attempts, type AttemptsOwner, type Failed } from './attempts.ts'
import type { ClientSide } from './client-side.ts'
import { type Counted, NOTHING_CONSUMED } from './count-usage.ts'
import { refuse } from './errors.ts'
import type { Ticked } from './open-ticker.ts'
import { OwnTime } from './own-time.ts'
import type { Envelope } from './read-envelope.ts'
import { Settlement } from './settlement.ts'
import type { Admitted, Relay } from './types.ts'

type AnswerOf<Kind> = Extract<AttemptEnd, { kind: Kind }>

interface Asked {
  readonly envelope: Envelope
  /** Makes the client's side of it. */
  readonly client: (of: {
    readonly attempts: Attempts
    readonly settlement: Settlement
    readonly time: OwnTime
  }) => ClientSide
  /** Called when all is over. */
  readonly ended: () => void
}

/**
 * Dispatches an admitted request, again and elsewhere where that helps, and writes its answer.
 * Usage is recorded exactly once, whichever way it ends, and committed before the last byte leaves;
 * a request that only stood in line for connections is refused, without a record.
 * Throws before anything is dispatched, and only then: `gateway_listing_resting`, or what
 * `dispatch` throws.
 */
export function runExchange(relay: Relay, admitted: Admitted, asked: Asked): void {
  new Exchange(relay, admitted, asked).start()
}

class Exchange implements AttemptsOwner, Ticked {
  slot = NO_SLOT
  readonly isStream: boolean
  readonly wantsUsage: boolean
  readonly #relay: Relay
  readonly #admitted: Admitted
  readonly #ended: () => void
  readonly #time: OwnTime
  readonly #attempts: Attempts
  readonly #settlement: Settlement
  readonly #answer: ClientSide

  constructor(relay: Relay, admitted: Admitted, { envelope, client, ended }: Asked) {
    this.isStream = envelope.isStream
    this.wantsUsage = envelope.wantsUsage
    this.#relay = relay
    this.#admitted = admitted
    this.#ended = ended
    const time = new OwnTime(admitted.bodyReadMs)
    this.#time = time
    const attempts = new Attempts(relay, admitted, { owner: this, envelope, time })
    this.#attempts = attempts
    this.#settlement = new Settlement(relay, admitted, { envelope, time })
    this.#answer = client({ attempts, time, settlement: this.#settlement })
  }

  start(): void {
    this.#attempts.start()
    this.#settlement.begin(this.#attempts.answering)
    const { keepAliveMs, firstByteTimeoutMs, idleTimeoutMs } = this.#admitted.listing.resilience
    const shortestMs = Math.min(firstByteTimeoutMs, idleTimeoutMs)
    const isShorter = this.isStream && keepAliveMs > 0 && keepAliveMs < shortestMs
    this.#relay.ticker.add(this, isShorter ? keepAliveMs : shortestMs)
    this.#answer.onGone(() => this.#clientGone())
  }

  takeBytes(attempt: Attempt, bytes: Buffer): void {
    this.#attempts.begin(attempt)
    this.#answer.write(attempt, bytes)
  }

  takeEnd(attempt: Attempt, end: AttemptEnd): void {
    const nowMs = this.#relay.clock.monotonicMs()
    this.#time.resume(nowMs)
    if (end.kind === 'told' || end.kind === 'failed') {
      if (!this.#settlement.isSettled) this.#attempts.failed(attempt, end, nowMs)
      return
    }
    this.#attempts.begin(attempt)
    attempt.breaker.succeeded(attempt.ticket, nowMs)
    const isWhole = end.kind === 'whole'
    this.#finish(isWhole ? this.#endWhole(attempt, end) : this.#endStream(attempt, end))
  }

  async #endWhole(attempt: Attempt, end: AnswerOf<'whole'>): Promise<void> {
    const { usage, upstreamId, body } = end
    const delivered = { usage, upstreamId, answerTextBytes: body.length }
    const counted = this.#settlement.count(attempt, delivered)
    if (this.#answer.hasHead) {
      await this.#settlement.settle('upstream_error', counted, attempt)
      const message = 'The provider answered in one piece where a stream was asked for.'
      this.#endWithError(refuse('gateway_upstream_failed', message))
      return
    }
    const failure = await this.#settlement.settle('answered', counted, attempt)
    if (failure !== null) {
      this.#endWithError(failure)
      return
    }
    this.#answer.writeWhole(attempt, end, this.#settlement.costUsd)
    this.#over()
  }

  /** The stream has said all: commits its usage, then writes what was held back, and ends. */
  async #endStream(attempt: Attempt, { held }: AnswerOf<'streamed'>): Promise<void> {
    const counted = this.#settlement.count(attempt, attempt.delivered() ?? {})
    const failure = await this.#settlement.settle('answered', counted, attempt)
    if (failure !== null) {
      this.#endWithError(failure)
      return
    }
    this.#answer.endStream(attempt, held)
    attempt.leave()
    this.#over()
  }

  giveUp(failed: Failed): void {
    const { end } = failed
    if (end.kind === 'told' || this.#attempts.wasTried) {
      this.#finish(this.#endFailed(failed))
      return
    }
    this.#settlement.refuse(end.error)
    this.#endWithError(end.error)
  }

  async #endFailed({ attempt, end }: Failed): Promise<void> {
    const { delivered } = end
    const counted =
      delivered === null ? NOTHING_CONSUMED : this.#settlement.count(attempt, delivered)
    await this.#settlement.settle('upstream_error', counted, attempt)
    if (end.kind === 'failed') {
      this.#endWithError(end.error)
      return
    }
    this.#answer.writeTold(attempt, end)
    this.#over()
  }

  #endWithError(error: Error): void {
    this.#attempts.current?.abort(error)
    this.#answer.writeError(error)
    this.#over()
  }

  #over(): void {
    this.#relay.ticker.delete(this)
    this.#ended()
  }

  tick(nowMs: number): void {
    this.#guard(() => {
      this.#attempts.current?.checkTime(nowMs, this.#answer.isPaused)
      if (this.isStream && !this.#settlement.isSettled) this.#answer.keepAlive(nowMs)
    })
  }

  stop(): void {
    this.#guard(() => {
      const settled = this.#breakOff('the market stops')
      const message = 'The market stopped before the answer was whole. Ask again in a moment.'
      const error = refuse('gateway_stopping', message, { retryAfterSeconds: 5 })
      if (settled !== null) this.#finish(settled.then(() => this.#endWithError(error)))
    })
  }

  #clientGone(): void {
    const settled = this.#breakOff('client gone')
    if (settled !== null) this.#finish(settled.then(() => this.#over()))
  }

  /** Records what came until now; null where that is done already. */
  #breakOff(why: string): Promise<unknown> | null {
    const running = this.#attempts.breakOff(why)
    if (this.#settlement.isSettled) return null
    const counted = running === null ? NOTHING_CONSUMED : this.#countBrokenOff(running)
    return this.#settlement.settle('aborted', counted, this.#attempts.current)
  }

  /** A client that left before the answer began: what was sent on was read, nothing came back. */
  #countBrokenOff(attempt: Attempt): Counted {
    if (attempt.isStreamed) return this.#settlement.count(attempt, attempt.delivered() ?? {})
    return attempt.isSent ? this.#settlement.count(attempt, {}) : NOTHING_CONSUMED
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
    this.#attempts.leaveBreaker()
    const attempt = this.#attempts.current
    const delivered = attempt?.delivered() ?? null
    const counted =
      attempt === null || delivered === null
        ? NOTHING_CONSUMED
        : this.#settlement.count(attempt, delivered)
    const settled = this.#settlement.settle('upstream_error', counted, attempt)
    attempt?.abort(new Error('failed by a bug')) // its record is made, so nothing more comes of it
    const close = (): void => {
      this.#answer.destroy()
      this.#over()
    }
    settled.then(close, close)
  }
}
