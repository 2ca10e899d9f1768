import type { FactAnswer, ListingAnswer, ModelAnswer } from './answers.ts'
import { troubleOf } from './describe-rest.ts'
import { formatPrice, priceDay, UNPRICED } from './format-price.ts'
import { pad } from './measure-width.ts'
import { summariseResilience } from './resilience-options.ts'
import { formatCount, formatTime, formatWhole, UNKNOWN, wrap } from './words.ts'

const LABEL_CELLS = 20

/**
 * A model as `models show` prints it: facts with their sources, variants, listings.
 *
 * @param columns cells of a line; null: as many as it needs
 */
export function formatModel(model: ModelAnswer, columns: number | null = null): string {
  const lines = [
    model.name,
    line('league', model.league),
    line('can', model.capabilities?.join(', ') ?? UNKNOWN),
    line('family', model.family ?? UNKNOWN),
    ...optional('succeeds', model.succeeds),
    ...optional('derived from', model.derived_from),
    ...optional('former names', model.former_names.join(', ') || null),
    ...Object.entries(model.facts).map(([name, fact]) => factLine(name, fact)),
    '',
    'Variants',
    ...model.variants.flatMap(variantLines),
    '',
    'Listings',
    ...(model.listings.length === 0 ? ['  none'] : model.listings.flatMap(listingLines)),
  ]
  return `${lines.flatMap((text) => wrap(text, columns, indentOf(text))).join('\n')}\n`
}

/** A label that stands in further has its value further in, too. */
function line(label: string, value: string): string {
  const lead = label.length - label.trimStart().length
  return `  ${pad(label.replaceAll('_', ' '), LABEL_CELLS + lead)}${value}`
}

function optional(label: string, value: string | null): string[] {
  return value === null ? [] : [line(label, value)]
}

function factLine(name: string, fact: FactAnswer): string {
  if (!fact.known) return line(name, UNKNOWN)
  const from = `(${fact.source}, ${fact.checked_at.slice(0, 10)})`
  return line(name, `${formatFactValue(name, fact.value)}  ${from}`)
}

/** A fact's value with its unit: `4.2 M`, `8,192 tokens`, `30 days`. */
export function formatFactValue(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.join(', ')
  if (typeof value !== 'number') return String(value)
  if (name.startsWith('parameters')) return formatCount(value)
  if (name.endsWith('_tokens')) return `${formatWhole(value)} tokens`
  return name.endsWith('_days') ? `${value} days` : String(value)
}

/** Where a value begins that a line goes on with. */
function indentOf(text: string): number {
  const lead = text.length - text.trimStart().length
  const hasLabel = text.slice(lead, lead + LABEL_CELLS).includes('  ')
  return hasLabel ? lead + LABEL_CELLS : lead + 2
}

function variantLines(variant: ModelAnswer['variants'][number]): string[] {
  const { weights_sha256: sha256, upstream_model: upstreamModel, quantisation } = variant
  const weights =
    sha256 === null
      ? UNKNOWN
      : `sha256 ${sha256.slice(0, 16)}…, ${quantisation ?? 'quantisation unknown'}`
  return [
    `  ${variant.id}`,
    ...optional('  upstream', upstreamModel),
    line('  weights', weights),
    line('  first seen', formatTime(variant.first_seen_at)),
  ]
}

function listingLines(listing: ListingAnswer): string[] {
  const { provider, upstream_model: upstreamModel, file_path: path } = listing
  const set = listing.resilience === undefined ? null : summariseResilience(listing.resilience)
  return [
    `  ${listing.id}`,
    line('  state', stateOfListing(listing)),
    line('  at', `${provider.name ?? UNKNOWN}, ${path ?? `as ${upstreamModel}`}`),
    line('  price', priceOf(listing)),
    ...optional('  set', set),
    ...Object.entries(listing.facts).map(([name, fact]) => `  ${factLine(name, fact)}`),
  ]
}

/** Such as `3/15 USD for a million tokens, since 2026-08-12 (https://…)`. */
function priceOf({ price }: ListingAnswer): string {
  if (price === null || price === undefined) return UNPRICED
  const unit = price.kind === 'tokens' ? ' for a million tokens' : ''
  const source = price.source === undefined ? '' : ` (${price.source})`
  return `${formatPrice(price)}${unit}, since ${priceDay(price)}${source}`
}

/** `on`, `off`, `offered` (never on), `gone` (its provider no longer offers it), or `on, but …`. */
export function stateOfListing(
  listing: Pick<ListingAnswer, 'is_on' | 'is_live' | 'switched_at' | 'vanished_at' | 'health'>,
): string {
  if (listing.vanished_at !== null) return 'gone'
  if (!listing.is_on) return listing.switched_at === null ? 'offered' : 'off'
  if (!listing.is_live) return 'on, but its provider cannot be used'
  const trouble = troubleOf(listing.health ?? null)
  return trouble === null ? 'on' : `on, but ${trouble}`
}
