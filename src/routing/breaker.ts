import type { FailureReason, ListingHealth, Standing } from './types.ts'

const WINDOW_MS = 60_000
/** Outcomes that are remembered at most; the least of them where many attempts run at once. */
const MOST_OUTCOMES = 1_000
/** Outcomes that are forgotten at a time, as moving all of them for each would cost too much. */
const FORGOTTEN_AT_A_TIME = 250
/** So many failures open it where nothing else came in a minute. */
const FAILURES_ALONE = 5
/** So many more failures than other attempts, in a run of them, open it. */
const FAILURES_MORE = 15
const FIRST_REST_MS = 5_000
const LONGEST_REST_MS = 300_000
/** Rests differ by up to so much, so that many processes do not try at the same moment. */
const JITTER = 0.2
/** Each time that trials have said nothing for so long, twice as many may run. */
const TRIAL_MS = 5_000
const MOST_TRIALS = 16
/** A busy provider that names no time. */
const BUSY_MS = 1_000
const LONGEST_BUSY_MS = 300_000

/**
 * What one attempt may do: go, under this number, or not at all. Numbers are in the order in which
 * attempts begin.
 */
export type Entry = number | 'refused'
/** The number of an attempt; null: it goes past the breaker. */
export type Ticket = number | null

/** How an attempt ended; `nothing`: it said nothing of the listing. */
interface Outcome {
  readonly ticket: number
  readonly atMs: number
  readonly how: 'success' | 'failure' | 'nothing'
}

/**
 * One listing's circuit breaker. It rests for five seconds when it opens, twice as long each time
 * it opens again without an answer in between, five minutes at most; then lets trials through: one,
 * and twice as many after each five seconds in which none of them has said anything. The first to
 * succeed closes it, the first to fail opens it.
 *
 * Failures often come faster than successes. So attempts are looked at in the order in which they
 * began, and one that still runs counts as no failure. It opens when, of the attempts from any one
 * on to the one that just failed, 15 more failed than did not; or when five failed, and in a minute
 * nothing else has come or is awaited. Chance alone does not do the first to a provider that fails
 * three times in ten.
 *
 * Time comes in with every call, on one clock that never goes back; randomness from 0 up to 1.
 */
export class Breaker {
  #state: 'closed' | 'open' | 'half_open' = 'closed'
  #lastTicket = 0
  /** What comes of earlier ones is old news. */
  #firstTicket = 1
  /** By ticket. */
  #outcomes: Outcome[] = []
  #openings = 0
  #restUntilMs = 0
  /** The trials that run. */
  readonly #trials = new Set<number>()
  /** Since when one runs at any time. */
  #triedSinceMs = 0
  #busyUntilMs = 0
  #usedAtMs = 0
  #lastReason: FailureReason | null = null

  /** How it stands for a request that may still go elsewhere. Changes nothing. */
  standing(nowMs: number): Standing {
    if (!this.#mayEnter(nowMs)) return 'resting'
    return this.isBusy(nowMs) ? 'busy' : 'healthy'
  }

  isBusy(nowMs: number): boolean {
    return this.#busyUntilMs > nowMs
  }

  /** Lets an attempt in, or not. One that is let in must say how it ended, or `leave`. */
  enter(nowMs: number): Entry {
    this.#usedAtMs = nowMs
    if (!this.#mayEnter(nowMs)) return 'refused'
    this.#lastTicket += 1
    if (this.#state === 'closed') return this.#lastTicket
    this.#state = 'half_open'
    if (this.#trials.size === 0) this.#triedSinceMs = nowMs
    this.#trials.add(this.#lastTicket)
    return this.#lastTicket
  }

  #mayEnter(nowMs: number): boolean {
    if (this.#state === 'closed') return true
    if (this.#state === 'open') return nowMs >= this.#restUntilMs
    if (this.#trials.size === 0) return true
    const doublings = Math.floor((nowMs - this.#triedSinceMs) / TRIAL_MS)
    return this.#trials.size < Math.min(MOST_TRIALS, 2 ** doublings)
  }

  #isTrial(ticket: Ticket): boolean {
    return ticket !== null && this.#trials.has(ticket)
  }

  /** Its answer has begun: after a trial's, the listing is well enough for everybody. */
  began(ticket: Ticket): void {
    if (this.#isTrial(ticket)) this.#close()
  }

  succeeded(ticket: Ticket, nowMs: number): void {
    this.began(ticket)
    this.#busyUntilMs = 0
    this.#record(ticket, nowMs, 'success')
  }

  /** Remembers, for people, what the failure was that is told of next. */
  blame(reason: FailureReason): void {
    this.#lastReason = reason
  }

  /** Whether it opened by this failure. What comes of attempts from before that is old news. */
  failed(ticket: Ticket, nowMs: number, random: number): boolean {
    if (this.#isTrial(ticket)) return this.#open(nowMs, random)
    const index = this.#record(ticket, nowMs, 'failure')
    if (index < 0 || !this.#isFailing(index, nowMs)) return false
    return this.#open(nowMs, random)
  }

  /** It wishes to be asked later; `forMs` null: it names no time. A trial gives its place back. */
  busy(ticket: Ticket, nowMs: number, forMs: number | null): void {
    this.leave(ticket, nowMs)
    const until = nowMs + Math.min(forMs ?? BUSY_MS, LONGEST_BUSY_MS)
    this.#busyUntilMs = Math.max(this.#busyUntilMs, until)
  }

  /** The attempt ended and says nothing of the listing. A trial gives its place back. */
  leave(ticket: Ticket, nowMs: number): void {
    if (ticket !== null && this.#trials.delete(ticket)) return
    this.#record(ticket, nowMs, 'nothing')
  }

  /** Until the next attempt may be let in; 0: now. */
  restsForMs(nowMs: number): number {
    if (this.#mayEnter(nowMs)) return 0
    if (this.#state === 'open') return this.#restUntilMs - nowMs
    return TRIAL_MS - ((nowMs - this.#triedSinceMs) % TRIAL_MS)
  }

  /** Whether nothing is remembered of it that anybody would miss. */
  isForgettable(nowMs: number): boolean {
    const last = Math.max(this.#usedAtMs, this.#restUntilMs, this.#busyUntilMs)
    return nowMs - last > 3 * LONGEST_REST_MS
  }

  health(listingId: string, nowMs: number): ListingHealth {
    const busyForMs = this.#busyUntilMs - nowMs
    return {
      listingId,
      state: this.#state,
      ...this.#count(nowMs),
      restsForMs: this.#state === 'open' ? Math.max(0, this.#restUntilMs - nowMs) : null,
      busyForMs: busyForMs > 0 ? busyForMs : null,
      openings: this.#openings,
      lastReason: this.#lastReason,
    }
  }

  /** Where it stands among the outcomes; -1: it is old news. Most begin last and end last. */
  #record(ticket: Ticket, atMs: number, how: Outcome['how']): number {
    if (this.#state !== 'closed' || ticket === null || ticket < this.#firstTicket) return -1
    const outcomes = this.#outcomes
    if (outcomes.length >= MOST_OUTCOMES) {
      const forgotten = outcomes.splice(0, FORGOTTEN_AT_A_TIME)
      this.#firstTicket = (forgotten.at(-1)?.ticket ?? 0) + 1
      if (ticket < this.#firstTicket) return -1
    }
    let index = outcomes.length
    while (index > 0 && (outcomes[index - 1]?.ticket ?? 0) > ticket) index -= 1
    const outcome = { ticket, atMs, how }
    if (index === outcomes.length) outcomes.push(outcome)
    else outcomes.splice(index, 0, outcome)
    return index
  }

  /** Whether what failed now, at `index`, is one failure too many. */
  #isFailing(index: number, nowMs: number): boolean {
    if (this.#isWellSince(index)) return false
    const outcomes = this.#outcomes
    let failures = 0
    let others = 0
    let nextTicket = (outcomes[index]?.ticket ?? 0) + 1
    for (let at = index; at >= 0; at -= 1) {
      const outcome = outcomes[at]
      if (outcome === undefined || nowMs - outcome.atMs > WINDOW_MS) {
        nextTicket = this.#firstTicket // what began before that does not count
        break
      }
      others += nextTicket - outcome.ticket - 1 // they still run
      nextTicket = outcome.ticket
      if (outcome.how === 'success') others += 1
      if (outcome.how === 'failure') failures += 1
      if (failures - others >= FAILURES_MORE) return true
    }
    others += nextTicket - this.#firstTicket
    return failures >= FAILURES_ALONE && others === 0 && !this.#hasSuccessAfter(index)
  }

  /**
   * An attempt may fail so late that the listing is long well again: of the attempts from one
   * after it on, 15 more succeeded than did not, or not yet.
   */
  #isWellSince(index: number): boolean {
    let balance = 0
    let nextTicket = this.#lastTicket + 1
    for (let at = this.#outcomes.length - 1; at > index; at -= 1) {
      const outcome = this.#outcomes[at]
      if (outcome === undefined) break
      balance -= nextTicket - outcome.ticket - 1
      nextTicket = outcome.ticket
      if (outcome.how === 'success') balance += 1
      if (outcome.how === 'failure') balance -= 1
      if (balance >= FAILURES_MORE) return true
    }
    return false
  }

  #hasSuccessAfter(index: number): boolean {
    return this.#outcomes.slice(index + 1).some(({ how }) => how === 'success')
  }

  #count(nowMs: number): { failures: number; outcomes: number } {
    let failures = 0
    let outcomes = 0
    for (const { how, atMs } of this.#outcomes) {
      if (how === 'nothing' || nowMs - atMs > WINDOW_MS) continue
      outcomes += 1
      if (how === 'failure') failures += 1
    }
    return { failures, outcomes }
  }

  #open(nowMs: number, random: number): true {
    const restMs = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** this.#openings)
    this.#restUntilMs = nowMs + restMs * (1 - JITTER + 2 * JITTER * random)
    this.#openings += 1
    this.#state = 'open'
    this.#trials.clear()
    return true
  }

  /** What began before that is old news. */
  #close(): void {
    this.#state = 'closed'
    this.#openings = 0
    this.#lastReason = null
    this.#trials.clear()
    this.#outcomes = []
    this.#firstTicket = this.#lastTicket + 1
  }
}
