import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Command } from 'commander'
import type { JsonObject } from '../kernel/index.ts'
import type { ListingPriceAnswer, PriceVersionsAnswer } from '../pricing/index.ts'
import type { ModelAnswer, PriceAnswer } from './answers.ts'
import type { MarketClient } from './client.ts'
import {
  type CommonOptions,
  type Desk,
  printJson,
  printLines,
  printTable,
  withJson,
} from './command.ts'
import { Failure, usageFailure } from './failure.ts'
import { formatPrice, priceDay, priceLines, setBy } from './format-price.ts'
import { isListingId, modelPath } from './model-path.ts'
import { BAIMO, count } from './words.ts'

const HELP = `
Prices are for a million tokens. One of yours goes before published ones; it
holds for the model at its provider, or for one listing where its id is given.
A correction is a newer price: what was recorded keeps the old one. "unpriced"
is not free: the cost of its requests is unknown, and counted as such.
* has more parts, such as tiers: show the model.

  ${BAIMO} models price acme/lion
  ${BAIMO} models price acme/lion --input 3 --output 15 --cached 0.30
  ${BAIMO} models price acme/lion --input 2.5 --output 10 --currency CNY \\
    --from 2027-01-01 --source https://acme.example/prices
  ${BAIMO} models price llama-local --per-hour 0.40
  ${BAIMO} models price --machine --per-hour 0.25 --currency EUR
  ${BAIMO} models price --file prices.yaml`

interface PriceOptions extends CommonOptions {
  readonly input?: string
  readonly output?: string
  readonly cached?: string
  readonly cacheWrite?: string
  readonly reasoning?: string
  readonly perRequest?: string
  readonly perHour?: string
  readonly free?: boolean
  readonly clear?: boolean
  readonly currency?: string
  readonly from?: string
  readonly source?: string
  readonly at?: string
  readonly machine?: boolean
  readonly file?: string
}

export function addPriceCommand(models: Command, desk: Desk): void {
  const command = models
    .command('price')
    .description('what models cost, with source and date; sets it, too')
    .argument('[name]', 'a model, or the id of a listing')
    .option('--input <price>', 'for a million tokens')
    .option('--output <price>', 'for a million tokens')
    .option('--cached <price>', 'for input that was read from a cache; else as input')
    .option('--cache-write <price>', 'for input that was written to a cache; else as input')
    .option('--reasoning <price>', 'for tokens of reasoning; else as output')
    .option('--per-request <price>', 'for each request besides')
    .option('--per-hour <price>', 'for an hour of measured computing, instead of tokens')
    .option('--free', 'it costs nothing')
    .option('--clear', 'have no price of yours any more')
    .option('--currency <code>', 'such as USD or CNY; else yours')
    .option('--from <day>', 'when it begins, such as 2027-01-01; else now')
    .option('--source <text>', 'where you know it from: an address, a contract')
    .option('--at <provider>', 'at which provider, where there are several')
    .option('--machine', 'of all on this machine that has no other price')
    .option('--file <path>', 'set all prices of a file, as docs/prices.md describes')
    .addHelpText('after', HELP)
  withJson(command).action((name: string | undefined, options: PriceOptions) =>
    runPrice(desk, name, options),
  )
}

async function runPrice(desk: Desk, name: string | undefined, options: PriceOptions) {
  const price = composePrice(options)
  const sets = price !== null || options.clear === true
  if (options.file !== undefined) {
    if (name !== undefined || sets) throw usageFailure('--file stands alone.')
    return setFile(desk, options.file, options)
  }
  if (options.machine === true) {
    if (name !== undefined || !sets)
      throw usageFailure('Give --machine with --per-hour or --clear, and no model.')
    return setMachine(desk, price, options)
  }
  if (name === undefined) {
    if (sets) throw usageFailure('Name the model, or give --machine.')
    return listPrices(desk, options)
  }
  const market = desk.market()
  const listings = await findListings(market, name, options.at)
  return sets
    ? setPrice(desk, { price, options, isListing: isListingId(name), listings })
    : showPrices(desk, listings, options)
}

/** The body of a new price; null: none is set. Fails where options contradict each other. */
export function composePrice(options: PriceOptions): JsonObject | null {
  const rates = {
    input: options.input,
    output: options.output,
    cached_input: options.cached,
    cache_write: options.cacheWrite,
    reasoning: options.reasoning,
    per_request: options.perRequest,
    per_hour: options.perHour,
    ...(options.free === true ? { free: true } : {}),
  }
  const told = Object.entries(rates).filter(([, rate]) => rate !== undefined)
  const around = { currency: options.currency, from: options.from, source: options.source }
  const stated = Object.entries(around).filter(([, value]) => value !== undefined)
  if (options.clear === true && told.length + stated.length > 0)
    throw usageFailure('--clear stands alone: it takes your price back.')
  if (told.length === 0 && stated.length > 0)
    throw usageFailure('Say the price, too: --input and --output, --per-hour, or --free.')
  return told.length === 0 ? null : (Object.fromEntries([...told, ...stated]) as JsonObject)
}

const COLUMNS = [
  { title: 'NAME', isWhole: true },
  { title: 'AT' },
  { title: 'IN/OUT A MILLION' },
  { title: 'SINCE', isWhole: true },
  { title: 'SOURCE' },
] as const

async function listPrices(desk: Desk, options: PriceOptions): Promise<void> {
  const all = await desk.market().list<ListingPriceAnswer>('/api/prices')
  if (options.json === true) return printJson(desk.terminal, { data: all })
  printTable(
    desk.terminal,
    COLUMNS,
    all.map(({ model, provider, price }) => {
      const told = price as PriceAnswer | null
      const since = told === null ? '' : priceDay(told)
      return [model, provider, formatPrice(told), since, price?.source ?? '']
    }),
    `No listings. Add some with "${BAIMO} add".`,
  )
}

/** The listings that are meant: of a model all that its providers offer, or one by its id. */
async function findListings(
  market: MarketClient,
  name: string,
  at: string | undefined,
): Promise<ListingPriceAnswer[]> {
  const all = await market.list<ListingPriceAnswer>('/api/prices')
  if (isListingId(name)) {
    const one = all.filter(({ listing_id: id }) => id === name.toLowerCase())
    if (one.length > 0) return one
    throw new Failure(`There is no listing ${name}.`, { facts: { code: 'cli_listing_unknown' } })
  }
  const model = await market.get<ModelAnswer>(modelPath(name))
  const there = all.filter(({ model: of }) => of === model.name)
  const meant = there.filter(({ provider }) => at === undefined || isCalled(provider, at))
  if (meant.length > 0) return meant
  const places = [...new Set(there.map(({ provider }) => provider))].join(', ')
  throw new Failure(
    there.length === 0
      ? `${model.name} has no listing now, so there is nothing to price.`
      : `${model.name} is not listed at "${at}", but at: ${places}.`,
    { facts: { code: 'cli_listing_unknown' } },
  )
}

function isCalled(provider: string, word: string): boolean {
  return provider.toLowerCase() === word.toLowerCase()
}

async function showPrices(
  desk: Desk,
  listings: readonly ListingPriceAnswer[],
  options: PriceOptions,
): Promise<void> {
  const market = desk.market()
  const all = await Promise.all(
    listings.map(({ listing_id: id }) => market.get<PriceVersionsAnswer>(`/api/prices/${id}`)),
  )
  if (options.json === true) return printJson(desk.terminal, { data: all })
  printLines(desk.terminal, ...all.flatMap(describeVersions))
}

/** What a listing costs now, and every other price that is known of it. */
export function describeVersions(listing: PriceVersionsAnswer): string[] {
  const { model, provider, versions, price, typical_cost: typical } = listing
  const now = price as PriceAnswer | null
  const head = `${model} at ${provider}: ${formatPrice(now)}`
  const lines = now === null ? [head] : [head, `  ${sourceOf(now)}`, ...priceLines(now)]
  if (now === null) lines.push('  The cost of its requests is unknown.')
  if (typical !== null) {
    const rate = typical.rate_day === null ? '' : `, by the rate of ${typical.rate_day}`
    lines.push(`  1,000 tokens in and 500 out: ${typical.amount} ${typical.currency}${rate}`)
  }
  const others = (versions as unknown as PriceAnswer[]).filter(({ ref }) => ref !== now?.ref)
  for (const other of others) lines.push(`  else: ${formatPrice(other)}, ${sourceOf(other)}`)
  return lines
}

function sourceOf(price: PriceAnswer): string {
  return `since ${priceDay(price)}, ${setBy(price)} (${price.source ?? ''})`
}

async function setPrice(
  desk: Desk,
  wish: {
    readonly price: JsonObject | null
    readonly options: PriceOptions
    readonly isListing: boolean
    readonly listings: readonly ListingPriceAnswer[]
  },
): Promise<void> {
  const { price, options, isListing, listings } = wish
  const providers = [...new Set(listings.map(({ provider }) => provider))]
  const [one] = listings
  if (one === undefined) throw usageFailure('There is no listing to price.')
  if (providers.length > 1)
    throw new Failure(`It is listed at ${providers.join(', ')}: say which with --at.`, {
      facts: { code: 'cli_listing_ambiguous' },
    })
  const to = isListing ? 'listing' : 'model'
  const path = `/api/prices/${one.listing_id}`
  const market = desk.market()
  const answer =
    price === null
      ? await market.call<PriceVersionsAnswer>('DELETE', `${path}?applies_to=${to}`)
      : await market.call<PriceVersionsAnswer>('PUT', path, { body: { ...price, applies_to: to } })
  if (options.json === true) return printJson(desk.terminal, answer)
  printLines(desk.terminal, ...describeVersions(answer))
}

async function setMachine(desk: Desk, price: JsonObject | null, options: PriceOptions) {
  const path = '/api/prices/machine'
  const market = desk.market()
  if (price === null) await market.call('DELETE', path)
  else await market.call('PUT', path, { body: price })
  if (options.json === true) return printJson(desk.terminal, { is_set: price !== null })
  const said = price === null ? 'has no price any more' : 'has a price now'
  printLines(desk.terminal, `Computing on this machine ${said}, where nothing else is known.`)
}

async function setFile(desk: Desk, path: string, options: PriceOptions): Promise<void> {
  let text = ''
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const why = code === 'ENOENT' ? 'is not there' : 'cannot be read'
    throw new Failure(`The file ${path} ${why}. Give the path of a file of prices.`, {
      facts: { code: 'cli_file_unreadable' },
    })
  }
  const body = { name: basename(path), text }
  const answer = await desk
    .market()
    .call<{ set_count: number }>('POST', '/api/prices/files', { body })
  if (options.json === true) return printJson(desk.terminal, answer)
  const none = 'None of its prices is for a listing of this market: hosts and names must fit.'
  const set = answer.set_count
  printLines(desk.terminal, set === 0 ? none : `${count(set, 'price')} set from ${body.name}.`)
}
