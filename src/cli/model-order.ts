import type { Command } from 'commander'
import type { ListingAnswer, ModelAnswer } from './answers.ts'
import { type CommonOptions, type Desk, printJson, printLines, withJson } from './command.ts'
import { Failure, usageFailure } from './failure.ts'
import { stateOfListing } from './format-model.ts'
import { modelPath } from './model-path.ts'
import { BAIMO, UNKNOWN } from './words.ts'

const HELP = `
A request goes to the first listing that is on and well. Without an order of
yours those on your side of the network come first, then what was switched on
first. Listings you do not name come after those you name. The order stays when
one is switched off and on. Without listings it shows the order.

  ${BAIMO} models order acme/lion box acme-cloud
  ${BAIMO} models order acme/lion --reset`

interface OrderOptions extends CommonOptions {
  readonly reset?: boolean
}

export function addOrderCommand(models: Command, desk: Desk): void {
  const command = models
    .command('order')
    .description('which listing of a model is asked first')
    .argument('<name>', 'the model')
    .argument('[listing...]', 'ids of its listings or names of their providers, first to last')
    .option('--reset', 'no order of yours any more')
    .addHelpText('after', HELP)
  withJson(command).action(async (name: string, words: string[], options: OrderOptions) => {
    if (options.reset === true && words.length > 0)
      throw usageFailure('Give an order or --reset, not both.')
    const market = desk.market()
    const path = modelPath(name)
    const found = await market.get<ModelAnswer>(path)
    const order = words.map((word) => findListing(found, word).id)
    const body = { listing_order: order }
    const isChange = options.reset === true || order.length > 0
    const model = isChange ? await market.call<ModelAnswer>('PATCH', path, { body }) : found
    if (options.json === true) return printJson(desk.terminal, model)
    const there = model.listings.filter(({ vanished_at: vanishedAt }) => vanishedAt === null)
    if (there.length === 0) return printLines(desk.terminal, `No provider offers ${model.name}.`)
    printLines(desk.terminal, `${model.name} is asked for at:`, ...inOrder(there).map(orderLine))
  })
}

/** By its id, or by its provider where the model has one listing there. */
function findListing(model: ModelAnswer, word: string): ListingAnswer {
  const there = model.listings.filter(({ vanished_at: vanishedAt }) => vanishedAt === null)
  const named = there.filter(({ id, provider }) =>
    [id, provider.id, provider.name?.toLowerCase()].includes(word.toLowerCase()),
  )
  const [only] = named
  if (only !== undefined && named.length === 1) return only
  const choices = there.map(({ id, provider }) => `${id} (${provider.name ?? UNKNOWN})`)
  const what =
    named.length === 0
      ? `${model.name} has no listing "${word}".`
      : `${model.name} has several listings at "${word}".`
  throw new Failure(`${what} Its listings: ${choices.join(', ') || 'none'}.`, {
    facts: { code: 'cli_listing_ambiguous' },
  })
}

/** Those that take traffic as the market tells them, then others by their positions. */
function inOrder(listings: readonly ListingAnswer[]): readonly ListingAnswer[] {
  const place = (one: ListingAnswer) => (one.is_live ? 0 : (one.position ?? Number.MAX_VALUE))
  return listings.toSorted((a, b) => place(a) - place(b))
}

function orderLine(listing: ListingAnswer, at: number): string {
  const { provider, upstream_model: upstreamModel, position } = listing
  const why = position === null ? '' : ', by your order'
  return `${at + 1}. ${provider.name ?? UNKNOWN} (as ${upstreamModel}): ${stateOfListing(listing)}${why}`
}
