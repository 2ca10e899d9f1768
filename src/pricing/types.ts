import type { Ratio } from '../kernel/index.ts'

/** Micro-units of a currency for a million tokens of each kind; null: not said. */
export interface Rates {
  readonly input: bigint | null
  readonly output: bigint | null
  /** Null: cached tokens cost what `input` does. */
  readonly cachedInput: bigint | null
  /** Null: tokens written to a cache cost what `input` does. */
  readonly cacheWrite: bigint | null
  /** Null: tokens of reasoning cost what `output` does. */
  readonly reasoning: bigint | null
}

/** What holds for a whole request whose input, of every kind together, has more tokens. */
export interface Tier extends Rates {
  readonly aboveTokens: number
}

export interface TieredRates extends Rates {
  /** Smallest first. The last that applies holds, for all tokens of the request. */
  readonly tiers: readonly Tier[]
}

/** A part of each day (UTC) with its own rates; `toMinute` is out, and may be of the next day. */
export interface DayWindow extends TieredRates {
  readonly fromMinute: number
  readonly toMinute: number
}

/** What is to be paid. */
export type Terms =
  | {
      readonly kind: 'tokens'
      readonly rates: TieredRates
      /** Micro-units for each request besides. */
      readonly perRequest: bigint
      /** The first that a request begins in holds. */
      readonly windows: readonly DayWindow[]
      /** For work given as a batch; null: batches are not offered, or their price is not known. */
      readonly batch: Rates | null
    }
  /** Said to be free; never concluded from something missing. */
  | { readonly kind: 'free' }
  /** Micro-units for an hour of measured computing. */
  | { readonly kind: 'hourly'; readonly perHour: bigint }
  /** The owner has no price from then on: what others say holds. */
  | { readonly kind: 'none' }
  /** A newer version wrote it, and this one cannot read it: unknown, and no weaker layer holds. */
  | { readonly kind: 'unreadable' }

/** A price from a time on, until the next one. */
export interface PriceVersion {
  /** Names this version in records of usage, for ever: `owner:…` or a file and what is in it. */
  readonly ref: string
  /** Since 1970; null: from the beginning, as far as its source tells. */
  readonly fromMs: number | null
  readonly currency: string
  readonly terms: Terms
  /** A web address, a file, or `owner`. */
  readonly source: string
}

/** Where a price may come from, strongest first. */
export type PriceLayer = 'listing' | 'model' | 'data' | 'machine'

/** Tokens in disjoint buckets, as usage has them. */
export interface Tokens {
  readonly input: number
  readonly cachedInput: number
  readonly cacheWrite: number
  readonly output: number
  readonly reasoning: number
}

/** What a request cost, exactly. */
export interface Cost {
  readonly isKnown: true
  readonly amountPico: bigint
  readonly currency: string
  readonly priceRef: string
}

/**
 * Why a cost is not known: no price; a price without the part that was used; a price by time where
 * nothing measured it; a record of a process that knows no prices.
 */
export type UnknownReason = 'no_price' | 'part_unpriced' | 'time_unmeasured' | 'not_priced'
export interface UnknownCost {
  readonly isKnown: false
  readonly reason: UnknownReason
}

/** A listing as prices are found for it. */
export interface PricedListing {
  readonly listingId: string
  readonly modelId: string
  readonly providerId: string
  readonly upstreamModel: string
  readonly baseUrl: string
  /** Whether it runs on this machine. */
  readonly isHere: boolean
}

/** What the owner set for one subject, as it is kept: never changed, only added to. */
export interface OwnerPrice {
  readonly id: string
  readonly subject: PriceSubject
  readonly fromMs: number
  readonly currency: string | null
  readonly terms: Terms
  readonly source: string
  readonly createdAtMs: number
  /** Whether it holds from when it was set, and not from a time that somebody chose. */
  readonly isFromNow: boolean
}

export type PriceSubject =
  | { readonly kind: 'listing'; readonly listingId: string }
  | { readonly kind: 'model'; readonly modelId: string; readonly providerId: string }
  /** All that runs on this machine and has no price of its own. */
  | { readonly kind: 'machine' }

/** One unit of `base` is `rate` of `quote` from that day (UTC) on; null: not known from then. */
export interface ExchangeRate {
  readonly ref: string
  readonly base: string
  readonly quote: string
  readonly rate: Ratio | null
  /** The rate as a decimal number, as it was written; null where it is not known. */
  readonly text: string | null
  /** `YYYY-MM-DD`. */
  readonly day: string
  readonly source: string
}

/** An amount in another currency, with the day of the oldest rate that it took. */
export interface Converted {
  readonly amountPico: bigint
  readonly currency: string
  /** Null: no rate was needed. */
  readonly rateDay: string | null
}
