// edge: waits by the process's timer
import type { Clock, Log } from '../kernel/index.ts'
import type { Ask, Grant, Report, Timing } from './types.ts'

export interface SenderParts {
  /** One statement: books reports, answers asks in their order. */
  readonly send: (asks: readonly Ask[], reports: readonly Report[]) => Promise<readonly Grant[]>
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly log: Log
  readonly timing: Pick<Timing, 'patienceMs'>
}

/** After a failure nothing is asked for a while. */
const PAUSE_AFTER_FAILURE_MS = 250
/** How long a statement that does not come back keeps others from being sent. */
const LONGEST_HANG_MS = 10_000

/** Sends statements, and knows whether they come back. */
export class Sender {
  readonly #parts: SenderParts
  #pausedUntilMs = Number.NEGATIVE_INFINITY
  #hangsUntilMs = Number.NEGATIVE_INFINITY
  #isFailing = false

  constructor(parts: SenderParts) {
    this.#parts = parts
  }

  /** Whether the last statement failed. */
  get isFailing(): boolean {
    return this.#isFailing
  }

  /** Whether nothing is to be sent now. */
  isPaused(nowMs: number): boolean {
    return nowMs < this.#pausedUntilMs
  }

  /** One that does not come back in time counts as failed, whatever becomes of it. */
  async send(asks: readonly Ask[], reports: readonly Report[]): Promise<readonly Grant[]> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      this.#hangsUntilMs = this.#nowMs() + LONGEST_HANG_MS
      late.reject(new Error('no answer in time'))
    }, this.#parts.timing.patienceMs)
    const sent = this.#parts.send(asks, reports)
    const end = (): void => this.#endHang()
    sent.then(end, end)
    try {
      const grants = await Promise.race([sent, late.promise])
      if (this.#isFailing) this.#parts.log.info({}, 'limits are leased again')
      this.#isFailing = false
      return grants
    } finally {
      clearTimeout(timer)
    }
  }

  /** A statement, or what was made of its answer, failed: logged once, and nothing is sent now. */
  fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    if (!this.#isFailing) this.#parts.log.error({ reason }, 'limits cannot be leased')
    this.#isFailing = true
    this.#pausedUntilMs = Math.max(this.#nowMs() + PAUSE_AFTER_FAILURE_MS, this.#hangsUntilMs)
  }

  #endHang(): void {
    if (this.#hangsUntilMs > this.#nowMs()) this.#pausedUntilMs = this.#nowMs()
    this.#hangsUntilMs = Number.NEGATIVE_INFINITY
  }

  #nowMs(): number {
    return this.#parts.clock.monotonicMs()
  }
}
