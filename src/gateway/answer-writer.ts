// edge: the client's side of one request: all that is written of its answer.
import type { ServerResponse } from 'node:http'
import type { Attempt } from './attempt.ts'
import type { Attempts } from './attempts.ts'
import { onClientGone } from './client.ts'
import type { ClientSide } from './client-side.ts'
import { describeRoute } from './describe-attempt.ts'
import type { OwnTime } from './own-time.ts'
import type { Admitted, Relay } from './types.ts'
import {
  endAnswer,
  errorEvent,
  onceDrained,
  writeFailure,
  writeStreamHead,
  writeWhole,
} from './write-answer.ts'

/** At once where it is gone already. */
function onceClosed(response: ServerResponse, call: () => void): void {
  if (response.destroyed) call()
  else response.once('close', call)
}

const NONE: readonly string[] = []
const KEEP_ALIVE = Buffer.from(': keep-alive\n\n')

/** Writes one answer, whose headers tell of its attempts. For a client that is gone: nothing. */
export class AnswerWriter implements ClientSide {
  readonly #relay: Relay
  readonly #admitted: Admitted
  readonly #response: ServerResponse
  readonly #attempts: Attempts
  readonly #time: OwnTime
  #isPaused = false
  /** Since when the client has been sent nothing; null: it has since it was last looked. */
  #silentSinceMs: number | null

  constructor(
    relay: Relay,
    admitted: Admitted,
    of: { response: ServerResponse; attempts: Attempts; time: OwnTime },
  ) {
    this.#relay = relay
    this.#admitted = admitted
    this.#response = of.response
    this.#attempts = of.attempts
    this.#time = of.time
    this.#silentSinceMs = admitted.arrivedMs
  }

  /** Whether the status is fixed: an error must be an event from then on. */
  get hasHead(): boolean {
    return this.#response.headersSent
  }

  /** Whether it is the client that does not read. */
  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Calls `gone` once if the client leaves before all is written. */
  onGone(gone: () => void): void {
    onClientGone(this.#response, gone)
  }

  /** Whole events of a stream. Its attempt is held back while the client does not read. */
  write(attempt: Attempt, bytes: Buffer): void {
    const response = this.#response
    if (response.destroyed) return
    if (!response.headersSent) this.#writeHead(attempt)
    this.#silentSinceMs = null
    if (response.write(bytes) || this.#isPaused) return
    this.#isPaused = true
    attempt.pause()
    onceDrained(response, () => {
      this.#isPaused = false
      attempt.resume()
    })
  }

  /** Ends a stream with what of it was held back for the commit. */
  endStream(attempt: Attempt, held: Buffer): void {
    if (this.#response.destroyed) return
    if (!this.#response.headersSent) this.#writeHead(attempt)
    endAnswer(this.#response, held)
  }

  /** @param costUsd what it cost, as decimal text; null: not known */
  writeWhole(
    attempt: Attempt,
    { status, body }: { status: number; body: Buffer },
    costUsd: string | null = null,
  ): void {
    const own = this.#ownHeaders()
    if (costUsd !== null) own.push('x-baimo-cost-usd', costUsd)
    onceClosed(this.#response, () => attempt.release())
    writeWhole(this.#response, { status, upstream: attempt.headers, own, body })
  }

  /** An error in the provider's own words. */
  writeTold(attempt: Attempt, told: { status: number; body: Buffer }): void {
    if (this.hasHead) endAnswer(this.#response, errorEvent(told.body, told.status))
    else this.writeWhole(attempt, told)
  }

  writeError(error: Error): void {
    const shaped = this.#relay.shapeError(error, this.#admitted.requestId)
    writeFailure(this.#response, { error, shaped, own: this.#ownHeaders() })
  }

  /**
   * A comment, where the client has been sent nothing for a while. All that is written are whole
   * events, so that one may follow at any time.
   */
  keepAlive(nowMs: number): void {
    const { keepAliveMs } = this.#admitted.listing.resilience
    if (keepAliveMs === 0 || this.#isPaused || this.#response.destroyed) return
    if (this.#silentSinceMs === null) this.#silentSinceMs = nowMs
    if (nowMs - this.#silentSinceMs < keepAliveMs) return
    if (!this.#response.headersSent) this.#writeHead(null)
    this.#response.write(KEEP_ALIVE)
    this.#silentSinceMs = nowMs
  }

  /** Nothing sensible can be said any more. */
  destroy(): void {
    this.#response.destroy()
  }

  #writeHead(attempt: Attempt | null): void {
    writeStreamHead(this.#response, attempt?.headers ?? {}, this.#ownHeaders())
  }

  #ownHeaders(): string[] {
    const { requestId, how, hold, listing } = this.#admitted
    const { answering, count, leftReason, stopsRetries } = this.#attempts
    const reason = answering === listing ? null : leftReason
    const overheadMs = this.#time.soFarMs(this.#relay.clock.monotonicMs())
    const own = ['x-request-id', requestId, 'x-content-type-options', 'nosniff']
    own.push('x-baimo-listing', answering.listingId)
    own.push('x-baimo-route', describeRoute(how, count, reason))
    own.push('x-baimo-overhead-ms', overheadMs.toFixed(2))
    if (stopsRetries) own.push('x-should-retry', 'false')
    own.push(...(this.#relay.routing?.headersOf(answering.modelId) ?? NONE))
    if (hold === null) return own
    const { headers } = hold
    for (const name in headers) own.push(name, headers[name] ?? '')
    return own
  }
}
