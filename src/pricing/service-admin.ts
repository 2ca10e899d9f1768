import type { Kysely } from 'kysely'
import type { Clock, Json, JsonObject } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import { currencyAt, dayAt, parsePriceFile, textOf } from './parse-price-file.ts'
import { readRate } from './parse-rate-file.ts'
import { PriceFault, readTerms } from './read-terms.ts'
import type { Schedule } from './schedule.ts'
import { insertPrice, insertRate, type PricingRows } from './store.ts'
import type { ExchangeRate, OwnerPrice, PricedListing, PriceSubject } from './types.ts'

/** What an operator does with prices. */
export interface PricingAdmin {
  /** All that is known of a listing's price, now and at other times. */
  scheduleFor(listing: PricedListing): Schedule
  /** What the owner set for a listing, its model or this machine, in the order it was set. */
  ownPrices(): readonly OwnerPrice[]
  /**
   * Sets a price: its terms with `from` (a day or a time; absent: now), `currency` (absent: the
   * owner's), `source` (absent: the owner). Refuses with `pricing_price_invalid`.
   */
  setPrice(subject: PriceSubject, price: JsonObject, by: string | null): Promise<void>
  /** The owner has no price of the subject any more, and none that was set for later. */
  clearPrice(subject: PriceSubject, by: string | null): Promise<void>
  /**
   * Sets all prices of a file for the listings that they are meant for; how many. Refuses with
   * `pricing_file_invalid`, and sets nothing then.
   */
  setFile(
    file: { readonly name: string; readonly text: string },
    listings: readonly PricedListing[],
    by: string | null,
  ): Promise<number>
  exchangeRates(): readonly ExchangeRate[]
  /** Refuses with `pricing_rate_invalid`. `rate` null: not known from then on. */
  setRate(
    rate: {
      readonly base: string
      readonly quote: string
      readonly rate: string | null
      /** Absent: today. */
      readonly day?: string | undefined
      readonly source?: string | undefined
    },
    by: string | null,
  ): Promise<void>
  /** Refuses with `pricing_rate_invalid`. */
  setCurrency(currency: string): Promise<void>
}

export interface AdminMeans {
  readonly clock: Clock
  readonly rows: () => PricingRows
  readonly rates: () => readonly ExchangeRate[]
  readonly scheduleOf: (listing: PricedListing) => Schedule
  /** One transaction, in which the revision grows; what it wrote is in memory when it resolves. */
  readonly change: (
    currency: string | undefined,
    work: (db: Kysely<unknown>) => Promise<void>,
  ) => Promise<void>
}

const OWN_FIELDS = ['from', 'currency', 'source'] as const
const LONGEST_SOURCE = 500

export function pricingAdmin(means: AdminMeans): PricingAdmin {
  const { clock, change } = means
  const setBy = (subjectId: string | null) => ({ atMs: clock.nowMs(), subjectId })
  return {
    scheduleFor: means.scheduleOf,
    ownPrices: () => means.rows().prices,
    async setPrice(subject, fields, by) {
      const price = readOwnPrice(fields, { nowMs: clock.nowMs(), currency: means.rows().currency })
      await change(undefined, (db) => insertPrice(db, { subject, ...price }, setBy(by)))
    },
    async clearPrice(subject, by) {
      const fromMs = clock.nowMs()
      const later = means
        .rows()
        .prices.filter((price) => isOf(price, subject) && price.fromMs > fromMs)
      const none = { currency: null, terms: { kind: 'none' }, source: 'owner' } as const
      await change(undefined, async (db) => {
        for (const from of new Set([fromMs, ...later.map((price) => price.fromMs)]))
          await insertPrice(db, { subject, fromMs: from, ...none }, setBy(by))
      })
    },
    async setFile(file, listings, by) {
      const { hosts, prices, name } = parsePriceFile(file)
      const meant = prices.flatMap((price) =>
        listings
          .filter(({ upstreamModel }) => upstreamModel === price.model)
          .filter(({ baseUrl }) => hosts.includes(URL.parse(baseUrl)?.hostname ?? ''))
          .map(({ listingId }) => ({ price, subject: { kind: 'listing', listingId } as const })),
      )
      await change(undefined, async (db) => {
        for (const { price, subject } of meant) {
          const { fromMs, currency, terms } = price
          const source = `${price.source} (${name})`
          await insertPrice(db, { subject, fromMs, currency, terms, source }, setBy(by))
        }
      })
      return meant.length
    },
    exchangeRates: means.rates,
    async setRate(wish, by) {
      const rate = readOwnRate(wish, clock.nowMs())
      await change(undefined, (db) => insertRate(db, rate, setBy(by)))
    },
    async setCurrency(currency) {
      faultAs('pricing_rate_invalid', () => currencyAt({ currency }, []))
      await change(currency, async () => undefined)
    },
  }
}

function isOf({ subject }: OwnerPrice, wanted: PriceSubject): boolean {
  return JSON.stringify(subject) === JSON.stringify(wanted)
}

/** What a fault of the content is to whoever sent it. */
function faultAs<T>(code: 'pricing_price_invalid' | 'pricing_rate_invalid', read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof PriceFault)) throw error
    const at = error.path.length === 0 ? '' : `${error.path.join(' › ')}: `
    const param = error.path.length === 0 ? {} : { param: error.path.join('.') }
    throw refuse(code, `${at}${error.message}.`, param)
  }
}

function readOwnPrice(
  fields: JsonObject,
  without: { readonly nowMs: number; readonly currency: string },
): Pick<OwnerPrice, 'fromMs' | 'currency' | 'terms' | 'source'> {
  return faultAs('pricing_price_invalid', () => ({
    terms: readTerms(fields, [], OWN_FIELDS),
    fromMs: fields.from === undefined ? without.nowMs : timeAt(fields.from ?? null),
    currency: currencyAt(fields, []) ?? without.currency,
    source: (textOf(fields.source) ?? 'owner').slice(0, LONGEST_SOURCE),
  }))
}

/** A day, which begins at midnight UTC, or a time of it. */
function timeAt(value: Json): number {
  const text = typeof value === 'string' ? value : ''
  if (/^\d{4}-\d\d-\d\dT/.test(text)) {
    const ms = Date.parse(text)
    if (!Number.isNaN(ms)) return ms
  }
  return Date.parse(dayAt({ from: text }, 'from', []))
}

function readOwnRate(wish: Parameters<PricingAdmin['setRate']>[0], nowMs: number) {
  return faultAs('pricing_rate_invalid', () => {
    const { base, quote } = wish
    const day = wish.day ?? new Date(nowMs).toISOString().slice(0, 10)
    dayAt({ from: day }, 'from', [])
    const { text } = readRate({ base, quote, text: wish.rate ?? '1' }, ['rate'])
    const source = (textOf(wish.source) ?? 'owner').slice(0, LONGEST_SOURCE)
    return { base, quote, text: wish.rate === null ? null : text, day, source }
  })
}
