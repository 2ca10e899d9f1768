import type { Command } from 'commander'
import type { ListingAnswer, ModelAnswer } from './answers.ts'
import type { MarketClient } from './client.ts'
import { type CommonOptions, type Desk, printJson, printLines, withJson } from './command.ts'
import { Failure } from './failure.ts'
import { isListingId, modelPath } from './model-path.ts'
import { BAIMO, UNKNOWN } from './words.ts'

export function addSwitchCommands(models: Command, desk: Desk): void {
  addSwitch(models, desk, true)
  addSwitch(models, desk, false)
}

function addSwitch(models: Command, desk: Desk, isOn: boolean): void {
  const command = models
    .command(isOn ? 'on' : 'off')
    .description(isOn ? 'let an offered listing take traffic' : 'let it take no more traffic')
    .argument('<listing...>', 'ids of listings, or names of models')
  withJson(command).action(async (words: string[], options: CommonOptions) => {
    const market = desk.market()
    const switched: ListingAnswer[] = []
    const lines: string[] = []
    for (const word of words) {
      const ids = await findListings(market, word, isOn)
      if (ids.length === 0) lines.push(`${word} is off already.`)
      for (const id of ids) {
        const body = { is_on: isOn }
        const one = await market.call<ListingAnswer>('PATCH', `/api/listings/${id}`, { body })
        switched.push(one)
        lines.push(switchedLine(one))
      }
    }
    if (options.json === true) return printJson(desk.terminal, { data: switched })
    printLines(desk.terminal, ...lines)
  })
}

function switchedLine({ model, provider, is_on: isOn }: ListingAnswer): string {
  return `${model ?? UNKNOWN} at ${provider.name ?? UNKNOWN} is ${isOn ? 'on' : 'off'}.`
}

/** A listing by its id; a model's only listing to switch on; all of a model's that are on. */
async function findListings(
  market: MarketClient,
  word: string,
  wantsOn: boolean,
): Promise<readonly string[]> {
  if (isListingId(word)) return [word]
  const model = await market.get<ModelAnswer>(modelPath(word))
  const there = model.listings.filter(({ vanished_at: vanishedAt }) => vanishedAt === null)
  const others = there.filter(({ is_on: isOn }) => isOn !== wantsOn)
  if (!wantsOn) return others.map(({ id }) => id)
  if (others.length > 1) throw severalListings(model.name, others)
  if (there.length === 0)
    throw new Failure(
      `No provider offers ${model.name} now. Add one with "${BAIMO} add", or refresh it by adding it again.`,
      { facts: { code: 'cli_model_not_offered' } },
    )
  return others.length === 0 ? there.slice(0, 1).map(({ id }) => id) : others.map(({ id }) => id)
}

function severalListings(name: string, listings: readonly ListingAnswer[]): Failure {
  const choices = listings.map(({ id, provider }) => `${id} (${provider.name ?? UNKNOWN})`)
  return new Failure(`${name} has several listings. Give the id of one: ${choices.join(', ')}.`, {
    facts: { code: 'cli_listing_ambiguous' },
  })
}
