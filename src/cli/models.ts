import type { Command } from 'commander'
import type { ListingAnswer, ModelAnswer } from './answers.ts'
import { type CommonOptions, type Desk, printJson, printTable, withJson } from './command.ts'
import { isResting } from './describe-rest.ts'
import { formatModel } from './format-model.ts'
import { formatPrices } from './format-price.ts'
import { addAliasCommands } from './model-aliases.ts'
import { addOrderCommand } from './model-order.ts'
import { modelPath } from './model-path.ts'
import { addPriceCommand } from './model-price.ts'
import { addProposalCommands } from './model-proposals.ts'
import { addSetCommand } from './model-set.ts'
import { addSwitchCommands } from './model-switch.ts'
import { addRetireCommands } from './retirement.ts'
import { printable } from './terminal.ts'
import { BAIMO, count, formatCount, formatWhole, UNKNOWN } from './words.ts'

export function addModelsCommand(program: Command, desk: Desk): void {
  const models = program.command('models').description('the catalog: what can be asked, and where')
  addList(models, desk)
  addShow(models, desk)
  addSwitchCommands(models, desk)
  addOrderCommand(models, desk)
  addAliasCommands(models, desk)
  addSetCommand(models, desk)
  addPriceCommand(models, desk)
  addProposalCommands(models, desk)
  addRetireCommands(models, desk)
}

const COLUMNS = [
  { title: 'NAME', isWhole: true },
  { title: 'CAN' },
  { title: 'PARAMS', side: 'right' },
  { title: 'CONTEXT', side: 'right' },
  { title: 'PRICE' },
  { title: 'WHERE' },
  { title: 'LISTINGS' },
] as const

function addList(models: Command, desk: Desk): void {
  const command = models
    .command('list', { isDefault: true })
    .description('all models: what they can, how large they are, what they cost, where they run')
    .option('--on', 'only those that take traffic')
  withJson(command).action(async (options: CommonOptions & { on?: boolean }) => {
    const all = await desk.market().list<ModelAnswer>('/api/models')
    const shown = options.on === true ? all.filter(({ is_live: isLive }) => isLive) : all
    if (options.json === true) return printJson(desk.terminal, { data: shown })
    printTable(
      desk.terminal,
      COLUMNS,
      shown.map(modelRow),
      `No models. Add some with "${BAIMO} add http://localhost:11434" or "${BAIMO} add ./model.gguf".`,
    )
  })
}

/** One line of the list. */
export function modelRow(model: ModelAnswer): string[] {
  return [
    model.name,
    model.capabilities?.join(', ') ?? UNKNOWN,
    formatCount(numberIn(model, 'parameters_total')),
    formatWhole(numberIn(model, 'context_tokens')),
    pricesOf(model),
    placesOf(model),
    listingsOf(model),
  ]
}

function numberIn({ facts }: ModelAnswer, name: string): number | null {
  const fact = facts[name]
  return fact?.known === true && typeof fact.value === 'number' ? fact.value : null
}

/** What its listings cost: those that take traffic, else all. */
function pricesOf({ listings }: ModelAnswer): string {
  const there = listings.filter(({ vanished_at: vanishedAt }) => vanishedAt === null)
  const on = there.filter(({ is_on: isOn }) => isOn)
  return formatPrices((on.length > 0 ? on : there).map(({ price }) => price))
}

/** The providers that list it, each with the place of the listing. */
function placesOf({ listings }: ModelAnswer): string {
  const places = listings
    .filter(({ vanished_at: vanishedAt }) => vanishedAt === null)
    .map(({ provider, facts }) => {
      const place = facts.place?.known === true ? String(facts.place.value) : 'place unknown'
      return `${provider.name ?? UNKNOWN} (${place})`
    })
  return [...new Set(places)].join(', ') || 'nowhere now'
}

function listingsOf({ listings }: ModelAnswer): string {
  const there = listings.filter(({ vanished_at: vanishedAt }) => vanishedAt === null)
  const on = there.filter(({ is_on: isOn }) => isOn).length
  const isOff = (one: ListingAnswer) => !one.is_on && one.switched_at !== null
  const off = there.filter(isOff).length
  const offered = there.length - on - off
  const resting = there.filter(isResting).length
  const rest = resting > 0 ? ` (${resting} resting)` : ''
  const parts = [
    on > 0 ? `${on} on${rest}` : '',
    off > 0 ? `${off} off` : '',
    offered > 0 ? `${offered} offered` : '',
  ]
  return parts.filter(Boolean).join(', ') || 'none'
}

function addShow(models: Command, desk: Desk): void {
  const command = models
    .command('show')
    .description('everything known of a model, with sources')
    .argument('<name>', 'publisher/name, or the bare name when only one fits')
  withJson(command).action(async (name: string, options: CommonOptions) => {
    const model = await desk.market().get<ModelAnswer>(modelPath(name))
    if (options.json === true) return printJson(desk.terminal, model)
    desk.terminal.out(printable(formatModel(model, desk.terminal.columns)))
    const idle = model.listings.filter((one) => !one.is_on && one.vanished_at === null)
    if (idle.length > 0)
      desk.terminal.err(
        `${count(idle.length, 'listing')} not on: switch on with "${BAIMO} models on ID".\n`,
      )
  })
}
