import type { LiveListing } from '../catalog/index.ts'
import { Refusal } from '../kernel/index.ts'
import type { Outcome, Usage } from '../metering/index.ts'
import type { Attempt } from './attempt.ts'
import { type Counted, countTokens, countUsage, type Delivered } from './count-usage.ts'
import { refuse } from './errors.ts'
import { makeRecord, notSent } from './make-record.ts'
import type { OwnTime } from './own-time.ts'
import { RequestPrice } from './price-request.ts'
import type { Envelope } from './read-envelope.ts'
import type { Admitted, Relay } from './types.ts'

/** How long an answer may wait for its usage to be committed. */
const COMMIT_TIMEOUT_MS = 5_000

/** What one request consumed, and its end in the books: once, whichever way it ends. */
export class Settlement {
  readonly #relay: Relay
  readonly #admitted: Admitted
  readonly #time: OwnTime
  readonly #isStream: boolean
  readonly #requestTextBytes: number
  readonly #price: RequestPrice
  #isSettled = false
  #usage: Usage | null = null

  constructor(relay: Relay, admitted: Admitted, of: { envelope: Envelope; time: OwnTime }) {
    this.#relay = relay
    this.#admitted = admitted
    this.#time = of.time
    this.#isStream = of.envelope.isStream
    this.#requestTextBytes = of.envelope.textBytes
    this.#price = new RequestPrice(relay, admitted)
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  /** The request is on its way to a listing; nothing where it is settled already. */
  begin(listing: LiveListing): void {
    if (!this.#isSettled) this.#price.begin(listing)
  }

  /** What it cost in dollars, as decimal text, once it is settled; null: not known. */
  get costUsd(): string | null {
    return this.#price.usd
  }

  /** What was recorded of it; null: nothing was yet. */
  get usage(): Usage | null {
    return this.#usage
  }

  /**
   * Records the usage, once, and ends the hold. Null when it is committed, else why it is not.
   *
   * @param attempt the one that decided; null: there was none
   */
  async settle(outcome: Outcome, counted: Counted, attempt: Attempt | null): Promise<Error | null> {
    if (this.#isSettled) return null
    this.#isSettled = true
    const { clock, meters, record } = this.#relay
    this.#endHold(countTokens(counted.tokens))
    const deciding = attempt ?? notSent(this.#admitted.listing)
    this.#price.end(deciding.listing, counted.tokens)
    const end = {
      outcome,
      counted,
      price: this.#price,
      isStream: this.#isStream,
      nowMs: clock.monotonicMs(),
    }
    const usage = makeRecord(this.#admitted, deciding, end)
    this.#usage = usage
    let failure: Error | null = null
    try {
      await record(usage, COMMIT_TIMEOUT_MS)
    } catch (error) {
      failure = error instanceof Error ? error : refuse('gateway_upstream_failed', String(error))
    }
    meters.finished(usage, deciding.listing, this.#time.soFarMs(clock.monotonicMs()))
    return failure
  }

  /** Nothing of it was sent to anybody: it leaves no record. */
  refuse(error: Error): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#price.end(this.#admitted.listing, null)
    this.#endHold(null)
    const code = error instanceof Refusal ? error.code : 'internal'
    this.#relay.meters.refused(this.#admitted.operation, code)
  }

  /** `tokens` null: nobody was asked. A bug of it costs neither the record nor the answer. */
  #endHold(tokens: number | null): void {
    const { hold } = this.#admitted
    try {
      if (tokens === null) hold?.cancel()
      else hold?.settle(tokens)
    } catch (error) {
      const reason = error instanceof Error ? error.stack : String(error)
      const fields = { request_id: this.#admitted.requestId, reason }
      this.#relay.log.error(fields, 'what a request held of its limits was not ended')
    }
  }

  /** What came of an attempt, in tokens. */
  count(attempt: Attempt, delivered: Delivered): Counted {
    const { operation } = this.#admitted
    const { contextTokens } = attempt.listing
    const asked = { operation, requestTextBytes: this.#requestTextBytes, contextTokens }
    return countUsage(asked, delivered)
  }
}
