import { z } from 'zod'
import { formatPico, type JsonObject } from '../kernel/index.ts'
import { jsonRoute, listAnswer, pageQueryOf, type Route } from '../people/index.ts'
import { refuse } from './errors.ts'
import { MAX_FILE_BYTES } from './read-yaml.ts'
import { inForce } from './schedule.ts'
import type { Pricing } from './service.ts'
import { shapePrice, shapeRate, shapeSchedule } from './shape-price.ts'
import type { PricedListing, PriceSubject } from './types.ts'

/** A listing with its names, as lists of prices show it. */
export interface NamedListing extends PricedListing {
  /** `publisher/name`. */
  readonly modelName: string
  readonly providerName: string
  readonly isOn: boolean
}

/** What the routes stand on besides the prices. */
export interface PricingRouteParts {
  readonly pricing: Pricing
  /** All listings that their providers still offer, in the order of their ids. */
  readonly listings: () => readonly NamedListing[]
  readonly nowMs: () => number
}

const decimal = z.union([z.string().max(40), z.number()])
const rates = {
  input: decimal.optional(),
  output: decimal.optional(),
  cached_input: decimal.optional(),
  cache_write: decimal.optional(),
  reasoning: decimal.optional(),
}
const tiers = z
  .array(z.strictObject({ above_tokens: z.union([z.int(), z.string().max(12)]), ...rates }))
  .max(20)
  .optional()
const window = z.strictObject({ from: z.string().max(5), to: z.string().max(5), ...rates, tiers })
const terms = {
  ...rates,
  per_request: decimal.optional(),
  tiers,
  windows: z.array(window).max(20).optional(),
  batch: z.strictObject(rates).optional(),
  free: z.boolean().optional(),
  per_hour: decimal.optional(),
  currency: z.string().max(10).optional(),
  from: z.string().max(40).optional(),
  source: z.string().max(500).optional(),
}
const appliesTo = z.enum(['listing', 'model']).default('listing')
const newPrice = z.strictObject({ ...terms, applies_to: appliesTo })
const machinePrice = z.strictObject(terms)
const priceAnswer = z.looseObject({
  kind: z.enum(['tokens', 'free', 'hourly', 'none', 'unreadable']),
  currency: z.string().nullable(),
  from: z.iso.datetime().nullable(),
  set_by: z.enum(['listing', 'model', 'data', 'machine']),
  source: z.string(),
  ref: z.string(),
})
const listingPrice = z.object({
  listing_id: z.uuid(),
  model: z.string(),
  model_id: z.uuid(),
  provider: z.string(),
  provider_id: z.uuid(),
  upstream_model: z.string(),
  is_on: z.boolean(),
  price: priceAnswer.nullable(),
  /** What 1,000 tokens in and 500 out cost, in the owner's currency; null: not known. */
  typical_cost: z
    .object({ amount: z.string(), currency: z.string(), rate_day: z.string().nullable() })
    .nullable(),
})
export type ListingPriceAnswer = z.infer<typeof listingPrice>
const withVersions = listingPrice.extend({ versions: z.array(priceAnswer) })
export type PriceVersionsAnswer = z.infer<typeof withVersions>
const settings = z.object({ currency: z.string() })
const rateAnswer = z.object({
  base: z.string(),
  quote: z.string(),
  rate: z.string().nullable(),
  day: z.string(),
  source: z.string(),
  ref: z.string(),
})
export type RateAnswer = z.infer<typeof rateAnswer>
const newRate = z.strictObject({
  base: z.string().max(10),
  quote: z.string().max(10),
  rate: decimal.nullable(),
  day: z.string().max(10).optional(),
  source: z.string().max(500).optional(),
})
const byListing = z.object({ id: z.uuid() })
const api = { scope: 'api', dialect: 'problem', access: 'operator' } as const

/** `/api/prices…` and `/api/exchange-rates`. */
export function pricingRoutes(parts: PricingRouteParts): Route[] {
  return [
    ...readingRoutes(parts),
    ...listingRoutes(parts),
    ...wholeRoutes(parts),
    ...rateRoutes(parts),
  ]
}

function readingRoutes(parts: PricingRouteParts): Route[] {
  return [
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/prices',
      summary: 'What each listing costs now, with source and date; null: unpriced',
      query: pageQueryOf({ usual: 200, most: 1_000 }),
      answer: listAnswer(listingPrice),
      handle: ({ query }) => {
        const { cursor } = query
        const all = parts.listings().filter(({ listingId }) => !cursor || listingId > cursor)
        const page = all.slice(0, query.limit)
        const hasMore = all.length > page.length
        return {
          json: {
            data: page.map((listing) => shapeListing(parts, listing)),
            next_cursor: hasMore ? (page.at(-1)?.listingId ?? null) : null,
          },
        }
      },
    }),
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/prices/:id',
      summary: 'All known prices of one listing, those of other times and sources too',
      params: byListing,
      answer: withVersions,
      handle: ({ params }) => ({ json: shapeVersions(parts, listingOf(parts, params.id)) }),
    }),
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/prices/settings',
      summary: 'The currency in which amounts of several currencies are shown',
      answer: settings,
      handle: () => ({ json: { currency: parts.pricing.currency } }),
    }),
  ]
}

function listingRoutes(parts: PricingRouteParts): Route[] {
  const { pricing } = parts
  return [
    jsonRoute({
      ...api,
      method: 'PUT',
      path: '/api/prices/:id',
      summary: 'Set what a listing, or its model at its provider, costs from a time on',
      params: byListing,
      body: newPrice,
      answer: withVersions,
      handle: async ({ principal, params, body }) => {
        const { applies_to: to, ...price } = body
        const listing = listingOf(parts, params.id)
        await pricing.setPrice(subjectOf(listing, to), price as JsonObject, principal.subjectId)
        return { json: shapeVersions(parts, listing) }
      },
    }),
    jsonRoute({
      ...api,
      method: 'DELETE',
      path: '/api/prices/:id',
      summary: 'Have no price of your own any more, from now on',
      params: byListing,
      query: z.object({ applies_to: appliesTo }),
      answer: withVersions,
      handle: async ({ principal, params, query }) => {
        const listing = listingOf(parts, params.id)
        await pricing.clearPrice(subjectOf(listing, query.applies_to), principal.subjectId)
        return { json: shapeVersions(parts, listing) }
      },
    }),
  ]
}

function wholeRoutes(parts: PricingRouteParts): Route[] {
  const { pricing } = parts
  return [
    jsonRoute({
      ...api,
      method: 'PUT',
      path: '/api/prices/machine',
      summary:
        'Set what an hour of computing on this machine costs, for all that has no other price',
      body: machinePrice,
      answer: z.object({ is_set: z.literal(true) }),
      handle: async ({ principal, body }) => {
        await pricing.setPrice({ kind: 'machine' }, body as JsonObject, principal.subjectId)
        return { json: { is_set: true } }
      },
    }),
    jsonRoute({
      ...api,
      method: 'DELETE',
      path: '/api/prices/machine',
      summary: 'Have no price of this machine any more, from now on',
      handle: async ({ principal }) => {
        await pricing.clearPrice({ kind: 'machine' }, principal.subjectId)
        return { status: 204 }
      },
    }),
    jsonRoute({
      ...api,
      method: 'POST',
      path: '/api/prices/files',
      summary: 'Set all prices of a file for the listings that they are meant for',
      body: z.strictObject({
        name: z.string().min(1).max(200),
        text: z.string().max(MAX_FILE_BYTES),
      }),
      answer: z.object({ set_count: z.int() }),
      handle: async ({ principal, body }) => {
        const set = await pricing.setFile(body, parts.listings(), principal.subjectId)
        return { json: { set_count: set } }
      },
    }),
    jsonRoute({
      ...api,
      method: 'PUT',
      path: '/api/prices/settings',
      summary: 'Set the currency in which amounts of several currencies are shown',
      body: z.strictObject({ currency: z.string().max(10) }),
      answer: settings,
      handle: async ({ body }) => {
        await pricing.setCurrency(body.currency)
        return { json: { currency: pricing.currency } }
      },
    }),
  ]
}

function rateRoutes({ pricing }: PricingRouteParts): Route[] {
  return [
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/exchange-rates',
      summary: 'All known exchange rates, with day and source; yours go first',
      answer: listAnswer(rateAnswer),
      handle: () => ({ json: { data: pricing.exchangeRates().map(shapeRate), next_cursor: null } }),
    }),
    jsonRoute({
      ...api,
      method: 'PUT',
      path: '/api/exchange-rates',
      summary: 'Set what one unit of a currency is in another from a day on; null: not known',
      body: newRate,
      answer: listAnswer(rateAnswer),
      handle: async ({ principal, body }) => {
        const rate = body.rate === null ? null : String(body.rate)
        await pricing.setRate({ ...body, rate }, principal.subjectId)
        return { json: { data: pricing.exchangeRates().map(shapeRate), next_cursor: null } }
      },
    }),
  ]
}

function listingOf(parts: PricingRouteParts, id: string): NamedListing {
  const found = parts.listings().find(({ listingId }) => listingId === id)
  if (found !== undefined) return found
  throw refuse('pricing_listing_unknown', `There is no listing ${id}: GET /api/prices lists them.`)
}

function subjectOf(listing: NamedListing, to: 'listing' | 'model'): PriceSubject {
  const { listingId, modelId, providerId } = listing
  return to === 'listing' ? { kind: 'listing', listingId } : { kind: 'model', modelId, providerId }
}

function shapeVersions(parts: PricingRouteParts, listing: NamedListing): JsonObject {
  const schedule = parts.pricing.scheduleFor(listing)
  return { ...shapeListing(parts, listing), versions: shapeSchedule(schedule) }
}

function shapeListing({ pricing, nowMs }: PricingRouteParts, listing: NamedListing): JsonObject {
  const atMs = nowMs()
  const typical = pricing.typicalCost(listing, atMs)
  return {
    listing_id: listing.listingId,
    model: listing.modelName,
    model_id: listing.modelId,
    provider: listing.providerName,
    provider_id: listing.providerId,
    upstream_model: listing.upstreamModel,
    is_on: listing.isOn,
    price: shapePrice(inForce(pricing.scheduleFor(listing), atMs)),
    typical_cost:
      typical === null
        ? null
        : {
            amount: formatPico(typical.amountPico),
            currency: typical.currency,
            rate_day: typical.rateDay,
          },
  }
}
