import type { Command } from 'commander'
import type { Json, JsonObject } from '../kernel/index.ts'
import type { ListingAnswer, ModelAnswer } from './answers.ts'
import type { MarketClient } from './client.ts'
import { type CommonOptions, type Desk, printJson, printLines, withJson } from './command.ts'
import { Failure, usageFailure } from './failure.ts'
import { isListingId, modelPath } from './model-path.ts'
import {
  composeResilience,
  type ResilienceOptions,
  summariseResilience,
  withResilience,
} from './resilience-options.ts'
import { BAIMO, UNKNOWN } from './words.ts'

/** What says who or what a model is; it needs no source. */
export const TRAITS = ['publisher', 'name', 'family', 'succeeds', 'derived_from', 'capabilities']
export const LISTING_FACTS = ['place', 'law', 'retention_days', 'training_use']
export const MODEL_FACTS = [
  'openness',
  'licence',
  'publisher_country',
  'parameters_total',
  'parameters_active',
  'context_tokens',
  'modalities',
]
const LISTS = ['modalities', 'capabilities']
const NUMBER_EXAMPLES: Readonly<Record<string, string>> = {
  parameters_total: '7000000000',
  parameters_active: '3000000000',
  context_tokens: '32768',
  retention_days: '30 (or "unlimited")',
}
const NUMBERS = Object.keys(NUMBER_EXAMPLES)

const HELP = `
Facts of a model, with --source:
  ${MODEL_FACTS.slice(0, 4).join(', ')},
  ${MODEL_FACTS.slice(4).join(', ')}
Facts of a listing, with --source:
  ${LISTING_FACTS.join(', ')}, context_tokens
What a model is:
  ${TRAITS.join(', ')}
The value "unknown" takes a fact back.
What to do when a listing is slow or fails is set by options, without a fact.
It counts before what is set for its provider ("${BAIMO} providers set").

  ${BAIMO} models set acme/lion licence Apache-2.0 --source https://lion.example
  ${BAIMO} models set acme/lion place FR --source "contract of 2026-03-01"
  ${BAIMO} models set acme/lion --retries 0 --no-fallback --idle-timeout 60s`

interface SetOptions extends CommonOptions, ResilienceOptions {
  readonly source?: string
}

export function addSetCommand(models: Command, desk: Desk): void {
  const command = models
    .command('set')
    .description('state a fact, with where you know it from, or what to do when it fails')
    .argument('<name>', 'a model, or the id of a listing')
    .argument('[fact]', 'see below')
    .argument('[value]', 'lists with commas')
    .option('--source <text>', 'where you know it from: an address, a contract')
    .addHelpText('after', HELP)
  withResilience(command)
  withJson(command).action(
    async (
      name: string,
      fact: string | undefined,
      text: string | undefined,
      options: SetOptions,
    ) => {
      const resilience = composeResilience(options)
      if (fact !== undefined && text !== undefined && resilience === null)
        return setFact(desk, options, { name, fact: fact.replaceAll('-', '_'), text })
      if (fact === undefined && resilience !== null)
        return setResilience(desk, options, { name, resilience })
      throw usageFailure('Give a fact with its value, or options such as --retries 0, not both.')
    },
  )
}

async function setFact(
  desk: Desk,
  options: SetOptions,
  { name, fact, text }: { readonly name: string; readonly fact: string; readonly text: string },
): Promise<void> {
  const body = composeChange(fact, text, options.source)
  const market = desk.market()
  const path = await findPath(market, name, fact)
  const answer = await market.call<ModelAnswer | ListingAnswer>('PATCH', path, { body })
  if (options.json === true) return printJson(desk.terminal, answer)
  const of = 'name' in answer ? answer.name : `the listing of ${answer.model ?? UNKNOWN}`
  printLines(desk.terminal, `${fact.replaceAll('_', ' ')} of ${of}: ${text}`)
}

async function setResilience(
  desk: Desk,
  options: SetOptions,
  { name, resilience }: { readonly name: string; readonly resilience: JsonObject },
): Promise<void> {
  const market = desk.market()
  const path = await onlyListing(market, name, 'What to do when it fails is set of a listing.')
  const answer = await market.call<ListingAnswer>('PATCH', path, { body: { resilience } })
  if (options.json === true) return printJson(desk.terminal, answer)
  const set = answer.resilience === undefined ? null : summariseResilience(answer.resilience)
  const of = `${answer.model ?? UNKNOWN} at ${answer.provider.name ?? UNKNOWN}`
  printLines(desk.terminal, `Set for the listing of ${of}: ${set ?? 'nothing, so its provider’s'}`)
}

/** The body of the change. Fails on a fact that nobody keeps, or one without its source. */
export function composeChange(fact: string, text: string, source: string | undefined): JsonObject {
  if (TRAITS.includes(fact)) return { [fact]: readValue(fact, text) }
  if (![...MODEL_FACTS, ...LISTING_FACTS].includes(fact))
    throw usageFailure(
      `There is no fact "${fact}". Facts: ${[...MODEL_FACTS, ...LISTING_FACTS, ...TRAITS].join(', ')}.`,
    )
  const value = readValue(fact, text)
  if (value === null) return { facts: { [fact]: null } }
  if (source === undefined || source.trim() === '')
    throw usageFailure('Say where you know it from: --source "https://…" or a document.')
  return { facts: { [fact]: { value, source } } }
}

function readValue(fact: string, text: string): Json {
  if (text.toLowerCase() === UNKNOWN) return null
  if (LISTS.includes(fact)) return text.split(',').map((part) => part.trim())
  if (!NUMBERS.includes(fact) || (fact === 'retention_days' && text === 'unlimited')) return text
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw usageFailure(`${fact} is a whole number such as ${NUMBER_EXAMPLES[fact]}, not "${text}".`)
}

/** Facts of a listing go to the model's only one, unless its id is given. */
async function findPath(market: MarketClient, name: string, fact: string): Promise<string> {
  if (!isListingId(name) && !LISTING_FACTS.includes(fact)) return modelPath(name)
  return onlyListing(market, name, `"${fact}" is a fact of a listing.`)
}

async function onlyListing(market: MarketClient, name: string, why: string): Promise<string> {
  if (isListingId(name)) return `/api/listings/${name}`
  const { listings } = await market.get<ModelAnswer>(modelPath(name))
  const there = listings.filter(({ vanished_at: vanishedAt }) => vanishedAt === null)
  const [only] = there
  if (only !== undefined && there.length === 1) return `/api/listings/${only.id}`
  const ids = there.map(({ id, provider }) => `${id} (${provider.name ?? UNKNOWN})`)
  const choice = ids.length === 0 ? 'It has none now.' : `Give the id of one: ${ids.join(', ')}.`
  throw new Failure(`${why} ${choice}`, {
    facts: { code: 'cli_listing_ambiguous' },
  })
}
