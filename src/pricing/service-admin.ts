import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { Clock, Json, JsonObject } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import { currencyAt, dayAt, parsePriceFile } from './parse-price-file.ts'
import { readRate } from './parse-rate-file.ts'
import { PriceFault, textOf } from './read-fields.ts'
import { readTerms } from './read-terms.ts'
import type { Schedule } from './schedule.ts'
import { insertPrice, insertRate, loadPrices, type PricingRows, type SetBy } from './store.ts'
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
    work: (db: Kysely<unknown>, revision: number) => Promise<void>,
  ) => Promise<void>
}

const OWN_FIELDS = ['from', 'currency', 'source'] as const
const LONGEST_SOURCE = 500

export function pricingAdmin(means: AdminMeans): PricingAdmin {
  const { clock, change } = means
  const setBy = (subjectId: string | null, revision: number): SetBy => ({
    ...{ atMs: clock.nowMs(), subjectId, revision },
  })
  return {
    scheduleFor: means.scheduleOf,
    ownPrices: () => means.rows().prices,
    async setPrice(subject, fields, by) {
      const price = readOwnPrice(fields, means.rows().currency)
      await change(undefined, async (db, revision) => {
        const own = price.fromMs === null ? await ownOf(db, subject) : []
        const fromMs = price.fromMs ?? latestNow(own, clock.nowMs())
        const isFromNow = price.fromMs === null
        await insertPrice(db, { subject, ...price, fromMs, isFromNow }, setBy(by, revision))
      })
    },
    async clearPrice(subject, by) {
      const none = { subject, currency: null, terms: { kind: 'none' }, source: 'owner' } as const
      await change(undefined, async (db, revision) => {
        const own = await ownOf(db, subject)
        const nowMs = latestNow(own, clock.nowMs())
        const later = own.filter((price) => price.fromMs > nowMs)
        for (const fromMs of new Set([nowMs, ...later.map((price) => price.fromMs)])) {
          const price = { ...none, fromMs, isFromNow: fromMs === nowMs }
          await insertPrice(db, price, setBy(by, revision))
        }
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
      await change(undefined, async (db, revision) => {
        for (const { price, subject } of meant) {
          const { fromMs, currency, terms } = price
          const source = `${price.source} (${name})`
          const of = { subject, fromMs, currency, terms, source, isFromNow: false }
          await insertPrice(db, of, setBy(by, revision))
        }
      })
      return meant.length
    },
    exchangeRates: means.rates,
    async setRate(wish, by) {
      const rate = readOwnRate(wish, clock.nowMs())
      await change(undefined, (db, revision) => insertRate(db, rate, setBy(by, revision)))
    },
    async setCurrency(currency) {
      faultAs('pricing_rate_invalid', () => currencyAt({ currency }, []))
      await change(currency, async () => undefined)
    },
  }
}

/** What was set for one subject, read within the change: nobody else changes it meanwhile. */
async function ownOf(db: Kysely<unknown>, wanted: PriceSubject): Promise<OwnerPrice[]> {
  const all = await loadPrices(db)
  return all.filter(({ subject }) => JSON.stringify(subject) === JSON.stringify(wanted))
}

/** Now, and never before what another process set from its now on: its clock may be ahead. */
function latestNow(own: readonly OwnerPrice[], nowMs: number): number {
  return own.reduce(
    (latest, { fromMs, isFromNow }) => (isFromNow ? Math.max(latest, fromMs) : latest),
    nowMs,
  )
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

/** `fromMs` null: from now on. */
function readOwnPrice(
  fields: JsonObject,
  usualCurrency: string,
): Pick<OwnerPrice, 'currency' | 'terms' | 'source'> & { readonly fromMs: number | null } {
  return faultAs('pricing_price_invalid', () => ({
    terms: readTerms(fields, [], OWN_FIELDS),
    fromMs: fields.from === undefined ? null : timeAt(fields.from ?? null),
    currency: currencyAt(fields, []) ?? usualCurrency,
    source: (textOf(fields.source) ?? 'owner').slice(0, LONGEST_SOURCE),
  }))
}

const TIME = z.iso.datetime({ offset: true })

/** A day, which begins at midnight UTC, or a time with its offset from UTC. */
function timeAt(value: Json): number {
  const text = typeof value === 'string' ? value : ''
  if (!text.includes('T')) return Date.parse(dayAt({ from: text }, 'from', []))
  dayAt({ from: text.slice(0, 10) }, 'from', [])
  if (TIME.safeParse(text).success) return Date.parse(text)
  const shown = JSON.stringify(text.slice(0, 40))
  throw new PriceFault(['from'], `from is a time such as 2026-11-25T08:00:00+01:00, not ${shown}`)
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
