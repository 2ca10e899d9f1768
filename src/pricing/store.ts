import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { assert, type JsonObject, newId, parseDecimal } from '../kernel/index.ts'
import { PriceFault } from './read-fields.ts'
import { readTerms, writeTerms } from './read-terms.ts'
import type { ExchangeRate, OwnerPrice, PriceSubject, Terms } from './types.ts'

type Database = Kysely<unknown>

type PricingTables = {
  prices: {
    id: string
    listing_id: string | null
    model_id: string | null
    provider_id: string | null
    valid_from: Date
    currency: string | null
    terms: JsonObject | string
    source: string
    created_at: Date
    created_by: string | null
    revision: string | number
    is_from_now: boolean
  }
  exchange_rates: {
    id: string
    base: string
    quote: string
    rate: string | null
    valid_from: string
    source: string
    created_at: Date
    created_by: string | null
    revision: string | number
  }
  pricing_settings: { is_only: boolean; currency: string; revision: string | number }
}

/** All that the owner set, in the order in which it was set. */
export interface PricingRows {
  readonly revision: number
  readonly currency: string
  readonly prices: readonly OwnerPrice[]
  readonly rates: readonly ExchangeRate[]
}

export async function loadRevision(db: Database): Promise<number> {
  const row = await db
    .withTables<PricingTables>()
    .selectFrom('pricing_settings')
    .select('revision')
    .executeTakeFirstOrThrow()
  return Number(row.revision)
}

/** Reads at least what was committed when the revision was read: revision first. */
export async function loadPricing(db: Database): Promise<PricingRows> {
  const tables = db.withTables<PricingTables>()
  const settings = await tables.selectFrom('pricing_settings').selectAll().executeTakeFirstOrThrow()
  const prices = await loadPrices(db)
  const rates = await tables
    .selectFrom('exchange_rates')
    .select(['id', 'base', 'quote', 'source'])
    .select(sql<string | null>`rate::text`.as('rate'))
    .select(sql<string>`to_char(valid_from, 'YYYY-MM-DD')`.as('day'))
    .orderBy('revision')
    .orderBy('id')
    .execute()
  return {
    revision: Number(settings.revision),
    currency: settings.currency,
    prices,
    rates: rates.map(readRate),
  }
}

/** What the owner set for listings, models and this machine, in the order in which it was set. */
export async function loadPrices(db: Database): Promise<OwnerPrice[]> {
  const tables = db.withTables<PricingTables>()
  const query = tables.selectFrom('prices').selectAll().orderBy('revision').orderBy('id')
  return (await query.execute()).map(readPrice)
}

function readPrice(row: PricingTables['prices']): OwnerPrice {
  return {
    id: row.id,
    subject: subjectOf(row),
    fromMs: row.valid_from.getTime(),
    currency: row.currency,
    terms: readStoredTerms(row.terms),
    source: row.source,
    createdAtMs: row.created_at.getTime(),
    isFromNow: row.is_from_now,
  }
}

function readStoredTerms(terms: JsonObject | string): Terms {
  assert(typeof terms === 'object', 'pricing: terms are kept as JSON')
  if (Object.keys(terms).length === 0) return { kind: 'none' }
  try {
    return readTerms(terms)
  } catch (error) {
    if (error instanceof PriceFault) return { kind: 'unreadable' }
    throw error
  }
}

function subjectOf(row: PricingTables['prices']): PriceSubject {
  const { listing_id: listingId, model_id: modelId, provider_id: providerId } = row
  if (listingId !== null) return { kind: 'listing', listingId }
  if (modelId !== null && providerId !== null) return { kind: 'model', modelId, providerId }
  return { kind: 'machine' }
}

function readRate(row: {
  id: string
  base: string
  quote: string
  rate: string | null
  day: string
  source: string
}): ExchangeRate {
  const { id, base, quote, day, source, rate: text } = row
  const rate = text === null ? null : parseDecimal(text)
  return { ref: `owner:${id}`, base, quote, rate, text, day, source }
}

/** Who sets something, when, and with which revision of the settings. */
export interface SetBy {
  readonly atMs: number
  readonly revision: number
  readonly subjectId: string | null
}

export async function insertPrice(
  db: Database,
  price: Omit<OwnerPrice, 'id' | 'createdAtMs'>,
  by: SetBy,
): Promise<void> {
  const { subject } = price
  await db
    .withTables<PricingTables>()
    .insertInto('prices')
    .values({
      id: newId(),
      listing_id: subject.kind === 'listing' ? subject.listingId : null,
      model_id: subject.kind === 'model' ? subject.modelId : null,
      provider_id: subject.kind === 'model' ? subject.providerId : null,
      valid_from: new Date(price.fromMs),
      currency: price.currency,
      terms: JSON.stringify(writeTerms(price.terms)),
      source: price.source,
      created_at: new Date(by.atMs),
      created_by: by.subjectId,
      revision: by.revision,
      is_from_now: price.isFromNow,
    })
    .execute()
}

export async function insertRate(
  db: Database,
  rate: Pick<ExchangeRate, 'base' | 'quote' | 'text' | 'day' | 'source'>,
  by: SetBy,
): Promise<void> {
  await db
    .withTables<PricingTables>()
    .insertInto('exchange_rates')
    .values({
      id: newId(),
      base: rate.base,
      quote: rate.quote,
      rate: rate.text,
      valid_from: rate.day,
      source: rate.source,
      created_at: new Date(by.atMs),
      created_by: by.subjectId,
      revision: by.revision,
    })
    .execute()
}

/** Locks the settings, so that changes come one after the other. The new revision. */
export async function raiseRevision(db: Database, currency?: string): Promise<number> {
  const row = await db
    .withTables<PricingTables>()
    .updateTable('pricing_settings')
    .set({ revision: sql<number>`revision + 1`, ...(currency === undefined ? {} : { currency }) })
    .returning('revision')
    .executeTakeFirstOrThrow()
  return Number(row.revision)
}
