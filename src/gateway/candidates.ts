import type { LiveListing } from '../catalog/index.ts'
import type { Refusal } from '../kernel/index.ts'
import {
  type Candidate,
  decideNext,
  type Health,
  type Standing,
  type Step,
} from '../routing/index.ts'
import { fitsListing } from './admit.ts'
import { refuse } from './errors.ts'
import type { Envelope } from './read-envelope.ts'
import type { Admitted } from './types.ts'

interface Tried {
  tries: number
  isSpent: boolean
  notBeforeMs: number
}

const UNTRIED: Tried = { tries: 0, isSpent: false, notBeforeMs: 0 }

/** The listings that may answer one request, and what it has tried. Made when the first fails. */
export class Candidates {
  readonly #listings: readonly LiveListing[]
  readonly #health: Health
  readonly #tried = new Map<LiveListing, Tried>()

  /** @param listings best first */
  constructor(listings: readonly LiveListing[], health: Health) {
    this.#listings = listings
    this.#health = health
  }

  at(index: number): LiveListing | undefined {
    return this.#listings[index]
  }

  /** An attempt has failed: whether this request may not ask it again, and from when on it may. */
  failed(listing: LiveListing, isSpent: boolean, notBeforeMs: number): void {
    const tries = (this.#tried.get(listing)?.tries ?? 0) + 1
    this.#tried.set(listing, { tries, isSpent, notBeforeMs })
  }

  next(attempts: number, nowMs: number, random: number): Step {
    const retries = this.#listings[0]?.resilience.retries ?? 0
    const candidates = this.#listings.map((listing): Candidate => {
      const tried = this.#tried.get(listing) ?? UNTRIED
      return { ...tried, standing: standingOf(this.#health, listing, nowMs) }
    })
    return decideNext(candidates, { attempts, retries, nowMs, random })
  }

  /** The refusal where all of them rest. */
  refuseResting(modelName: string, nowMs: number): Refusal {
    const message = `What serves ${modelName} failed again and again and rests; try again later.`
    const retryAfterSeconds = this.restsForMs(nowMs) / 1_000
    return refuse('gateway_listing_resting', message, { retryAfterSeconds })
  }

  /** Until the first of those that rest may be asked again. */
  restsForMs(nowMs: number): number {
    const rests = this.#listings.map((listing) =>
      this.#health.breakerOf(listing.listingId).restsForMs(nowMs),
    )
    return Math.min(...rests)
  }
}

/** Whoever may answer an admitted request: the listing that its name led to first. */
export function candidatesFor(
  admitted: Pick<Admitted, 'listing' | 'others' | 'operation'>,
  envelope: Envelope | null,
  health: Health,
): Candidates {
  const { listing, others, operation } = admitted
  if (!listing.resilience.fallsBack || envelope === null) return new Candidates([listing], health)
  const fitting = others.filter((other) => fitsListing(other, operation, envelope))
  return new Candidates([listing, ...fitting], health)
}

/** How a listing stands for a request. One whose owner wants no breaker never rests. */
export function standingOf(health: Health, listing: LiveListing, nowMs: number): Standing {
  const breaker = health.breakerOf(listing.listingId)
  if (!listing.resilience.hasBreaker) return breaker.isBusy(nowMs) ? 'busy' : 'healthy'
  return breaker.standing(nowMs)
}
