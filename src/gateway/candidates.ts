import type { LiveListing } from '../catalog/index.ts'
import type { Refusal } from '../kernel/index.ts'
import {
  type Candidate,
  decideNext,
  type Health,
  mostAttempts,
  type Standing,
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

/** Whom a request goes to next, and after what wait. */
export interface Next {
  readonly listing: LiveListing
  readonly waitMs: number
}

/** The listings that may answer one request, and what it has tried. Made when the first fails. */
export class Candidates {
  /** Best first. */
  readonly listings: readonly LiveListing[]
  readonly #health: Health
  readonly #share: Admitted['share']
  readonly #tried = new Map<LiveListing, Tried>()
  #lacksRoom = false

  constructor(listings: readonly LiveListing[], health: Health, share: Admitted['share']) {
    this.listings = listings
    this.#health = health
    this.#share = share
  }

  /** An attempt has failed: whether this request may not ask it again, and from when on it may. */
  failed(listing: LiveListing, isSpent: boolean, notBeforeMs: number): void {
    const tries = (this.#tried.get(listing)?.tries ?? 0) + 1
    this.#tried.set(listing, { tries, isSpent, notBeforeMs })
  }

  /** Null: nobody. The request's body counts for the provider of whoever it is. */
  next(attempts: number, nowMs: number, random: number): Next | null {
    const [first, ...others] = this.listings
    const most = mostAttempts(first?.resilience.retries ?? 0, others.length > 0)
    for (;;) {
      const candidates = this.listings.map((listing) => this.#standing(listing, nowMs))
      const step = decideNext(candidates, { attempts, most, nowMs, random })
      const listing = step.kind === 'send' ? this.listings[step.index] : undefined
      if (step.kind === 'stop' || listing === undefined) return null
      if (this.#share.waitFor(listing.endpoint.providerId)) return { listing, waitMs: step.waitMs }
      this.#lacksRoom = true
      this.#tried.set(listing, { ...this.#triedOf(listing), isSpent: true })
    }
  }

  #standing(listing: LiveListing, nowMs: number): Candidate {
    const { retries } = listing.resilience
    const standing = standingOf(this.#health, listing, nowMs)
    return { ...this.#triedOf(listing), retries, standing }
  }

  #triedOf(listing: LiveListing): Tried {
    return this.#tried.get(listing) ?? UNTRIED
  }

  /** Where none of them can be asked at all: as they rest, or have no room for the body. */
  refuseAll(modelName: string, nowMs: number): Refusal {
    if (this.#lacksRoom) return refuseRoom(modelName)
    const retryAfterSeconds = this.restsForMs(nowMs) / 1_000
    const seconds = Math.max(1, Math.ceil(retryAfterSeconds))
    const wait = `${seconds} second${seconds === 1 ? '' : 's'}`
    const message = `What serves ${modelName} failed again and again and rests; try again in ${wait}.`
    return refuse('gateway_listing_resting', message, { retryAfterSeconds })
  }

  /** Until the first of those that rest may be asked again. */
  restsForMs(nowMs: number): number {
    const rests = this.listings.map((listing) =>
      this.#health.breakerOf(listing.listingId).restsForMs(nowMs),
    )
    return Math.min(...rests)
  }
}

/** Requests that wait for a slow provider may not fill the memory that those of all others need. */
export function refuseRoom(modelName: string): Refusal {
  const message = `Requests that wait for the provider of ${modelName} fill their half of the memory for bodies; try again later.`
  return refuse('gateway_bodies_too_many', message, { retryAfterSeconds: 1 })
}

/** Whoever may answer an admitted request: the listing that its name led to first. */
export function candidatesFor(
  admitted: Pick<Admitted, 'listing' | 'others' | 'operation' | 'share'>,
  envelope: Envelope | null,
  health: Health,
): Candidates {
  const { listing, others, operation, share } = admitted
  const isAlone = !listing.resilience.fallsBack || envelope === null
  const fitting = isAlone ? [] : others.filter((other) => fitsListing(other, operation, envelope))
  return new Candidates([listing, ...fitting], health, share)
}

/** How a listing stands for a request. One whose owner wants no breaker never rests. */
export function standingOf(health: Health, listing: LiveListing, nowMs: number): Standing {
  const breaker = health.breakerOf(listing.listingId)
  if (!listing.resilience.hasBreaker) return breaker.isBusy(nowMs) ? 'busy' : 'healthy'
  return breaker.standing(nowMs)
}
