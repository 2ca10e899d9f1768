import type { ListingHealth, Standing } from './types.ts'

/** Outcomes that count: the last so many of the last minute. */
const WINDOW = 20
const WINDOW_MS = 60_000
const FAILURES_TO_OPEN = 5
const FIRST_REST_MS = 5_000
const LONGEST_REST_MS = 300_000
/** Rests differ by up to so much, so that many processes do not try at the same moment. */
const JITTER = 0.2
/** A trial that has said nothing for so long does not keep the next one out. */
const TRIAL_MS = 30_000
/** A busy provider that names no time. */
const BUSY_MS = 1_000
const LONGEST_BUSY_MS = 300_000

/**
 * What one attempt may do: go, go as the trial of that number, or not at all. Numbers tell a trial
 * that said nothing for long from the one that took its place.
 */
export type Entry = 'free' | number | 'refused'
/** The trial that an attempt is, by its number; null: it is none. */
export type Trial = number | null

/**
 * One listing's circuit breaker. It opens when at least five, and at least half, of the last 20
 * outcomes within a minute were failures; rests for five seconds, twice as long each time it opens
 * again without an answer in between, five minutes at most; then lets one trial at a time through.
 * A trial that succeeds closes it, one that fails opens it.
 *
 * Time comes in with every call, on one clock that never goes back; randomness from 0 up to 1.
 */
export class Breaker {
  #state: 'closed' | 'open' | 'half_open' = 'closed'
  /** When each of the last outcomes came; a failure's time is negative. A ring. */
  readonly #outcomes = new Float64Array(WINDOW)
  #at = 0
  #openings = 0
  #restUntilMs = 0
  /** The trial that runs, and since when; null: none does. */
  #trial: Trial = null
  #trialAtMs = 0
  #trials = 0
  #busyUntilMs = 0
  #usedAtMs = 0

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
    if (this.#state === 'closed') return 'free'
    if (!this.#mayEnter(nowMs)) return 'refused'
    this.#state = 'half_open'
    this.#trialAtMs = nowMs
    this.#trials += 1
    this.#trial = this.#trials
    return this.#trial
  }

  #mayEnter(nowMs: number): boolean {
    if (this.#state === 'closed') return true
    if (this.#state === 'open') return nowMs >= this.#restUntilMs
    return this.#trial === null || nowMs - this.#trialAtMs >= TRIAL_MS
  }

  /** Whether it is the trial that runs, and not one whose place another took. */
  #isCurrent(trial: Trial): boolean {
    return trial !== null && trial === this.#trial
  }

  /** The trial's answer has begun: the listing is well enough for everybody. */
  began(trial: Trial): void {
    if (this.#isCurrent(trial)) this.#close()
  }

  succeeded(trial: Trial, nowMs: number): void {
    this.began(trial)
    this.#busyUntilMs = 0
    if (this.#state === 'closed') this.#record(nowMs)
  }

  /** Whether it opened by this failure. What comes of attempts from before that is old news. */
  failed(trial: Trial, nowMs: number, random: number): boolean {
    if (this.#isCurrent(trial)) return this.#open(nowMs, random)
    if (this.#state !== 'closed') return false
    this.#record(-nowMs)
    const { failures, outcomes } = this.#count(nowMs)
    if (failures < FAILURES_TO_OPEN || failures * 2 < outcomes) return false
    return this.#open(nowMs, random)
  }

  /** It wishes to be asked later; `forMs` null: it names no time. A trial gives its place back. */
  busy(trial: Trial, nowMs: number, forMs: number | null): void {
    this.leave(trial)
    const until = nowMs + Math.min(forMs ?? BUSY_MS, LONGEST_BUSY_MS)
    this.#busyUntilMs = Math.max(this.#busyUntilMs, until)
  }

  /** The attempt ended and says nothing of the listing. A trial gives its place back. */
  leave(trial: Trial): void {
    if (this.#isCurrent(trial)) this.#trial = null
  }

  /** Until the next attempt may be let in; 0: now. */
  restsForMs(nowMs: number): number {
    if (this.#mayEnter(nowMs)) return 0
    if (this.#state === 'open') return this.#restUntilMs - nowMs
    return TRIAL_MS - (nowMs - this.#trialAtMs)
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
    }
  }

  #record(signedMs: number): void {
    this.#outcomes[this.#at] = signedMs
    this.#at = (this.#at + 1) % WINDOW
  }

  #count(nowMs: number): { failures: number; outcomes: number } {
    let failures = 0
    let outcomes = 0
    for (const signedMs of this.#outcomes) {
      if (signedMs === 0 || nowMs - Math.abs(signedMs) > WINDOW_MS) continue
      outcomes += 1
      if (signedMs < 0) failures += 1
    }
    return { failures, outcomes }
  }

  #open(nowMs: number, random: number): true {
    const restMs = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** this.#openings)
    this.#restUntilMs = nowMs + restMs * (1 - JITTER + 2 * JITTER * random)
    this.#openings += 1
    this.#state = 'open'
    this.#trial = null
    return true
  }

  #close(): void {
    this.#state = 'closed'
    this.#openings = 0
    this.#trial = null
    this.#outcomes.fill(0)
  }
}
