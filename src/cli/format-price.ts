import type { PriceAnswer } from './answers.ts'

/** What a person reads where nobody has a price. It is not free. */
export const UNPRICED = 'unpriced'

/** In a few words: `3/15 USD`, for a million tokens in and out; `free`; `0.4 USD/h`. */
export function formatPrice(price: PriceAnswer | null | undefined): string {
  if (price === null || price === undefined) return UNPRICED
  const currency = price.currency ?? ''
  switch (price.kind) {
    case 'free':
      return 'free'
    case 'none':
      return 'none of yours'
    case 'unreadable':
      return 'set by a newer version'
    case 'hourly':
      return `${price.per_hour ?? '?'} ${currency}/h`
    case 'tokens': {
      const isPlain = !price.tiers?.length && !price.windows?.length
      return `${price.input ?? '–'}/${price.output ?? '–'} ${currency}${isPlain ? '' : ' *'}`
    }
  }
}

/** Everything that a price says, a line for each part. */
export function priceLines(price: PriceAnswer): string[] {
  const parts: [string, string | undefined][] = [
    ['cached input', price.cached_input],
    ['cache writes', price.cache_write],
    ['reasoning', price.reasoning],
    ['each request', price.per_request],
  ]
  const lines = parts.flatMap(([name, rate]) =>
    rate === undefined ? [] : [`  ${name} ${rate} ${price.currency ?? ''}`],
  )
  for (const { above_tokens: above, input, output } of price.tiers ?? [])
    lines.push(
      `  above ${above.toLocaleString('en')} tokens of input: ${input ?? '–'}/${output ?? '–'}`,
    )
  for (const { from, to, input, output } of price.windows ?? [])
    lines.push(`  from ${from} to ${to} UTC: ${input ?? '–'}/${output ?? '–'}`)
  if (price.batch !== undefined)
    lines.push(`  in batches: ${price.batch.input ?? '–'}/${price.batch.output ?? '–'}`)
  return lines
}

const SET_BY = {
  listing: 'yours, for this listing',
  model: 'yours, for the model there',
  data: 'published',
  machine: 'yours, for this machine',
}

/** Who says so, as people put it. */
export function setBy({ set_by: by }: PriceAnswer): string {
  return by === undefined ? '' : SET_BY[by]
}

/** The day from which it holds; `always` where its source tells none. */
export function priceDay({ from }: PriceAnswer): string {
  return from === null ? 'always' : from.slice(0, 10)
}

/** What the listings of a model cost, each price once. */
export function formatPrices(prices: readonly (PriceAnswer | null | undefined)[]): string {
  const all = [...new Set(prices.map(formatPrice))]
  return all.length === 0 ? UNPRICED : all.join(', ')
}
