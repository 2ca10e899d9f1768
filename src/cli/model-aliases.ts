import type { Command } from 'commander'
import type { AliasAnswer } from './answers.ts'
import {
  type CommonOptions,
  type Desk,
  printJson,
  printLines,
  printTable,
  withJson,
} from './command.ts'
import { usageFailure } from './failure.ts'
import { BAIMO } from './words.ts'

export function addAliasCommands(models: Command, desk: Desk): void {
  addAlias(models, desk)
  addUnalias(models, desk)
  addAliases(models, desk)
}

function aliasPath(alias: string): string {
  if (['', '.', '..'].includes(alias))
    throw usageFailure(`"${alias}" is no name: give one such as gpt-4.`)
  return `/api/aliases/${encodeURIComponent(alias)}`
}

function addAlias(models: Command, desk: Desk): void {
  const command = models
    .command('alias')
    .description('a name of yours for a model or a listing: gpt-4 → baimo/abacus-large')
    .argument('<name>', 'what requests will say')
    .argument('<target>', 'model, listing id or another alias')
  withJson(command).action(async (alias: string, target: string, options: CommonOptions) => {
    const market = desk.market()
    const made = await market.call<AliasAnswer>('PUT', aliasPath(alias), { body: { target } })
    if (options.json === true) return printJson(desk.terminal, made)
    printLines(desk.terminal, `${made.alias} → ${targetOf(made)}`)
  })
}

/** A model by its name; a listing as `acme/lion at box`. */
export function targetOf({ target, model, provider }: AliasAnswer): string {
  const known = [model, provider].filter((part) => typeof part === 'string')
  return known.length === 2 ? known.join(' at ') : target
}

function addUnalias(models: Command, desk: Desk): void {
  const command = models
    .command('unalias')
    .description('take an alias away')
    .argument('<name>', 'the alias')
  withJson(command).action(async (alias: string, options: CommonOptions) => {
    await desk.market().call('DELETE', aliasPath(alias))
    if (options.json === true) return printJson(desk.terminal, { alias, is_removed: true })
    printLines(desk.terminal, `${alias} leads nowhere any more.`)
  })
}

function addAliases(models: Command, desk: Desk): void {
  const command = models.command('aliases').description('all aliases')
  withJson(command).action(async (options: CommonOptions) => {
    const all = await desk.market().list<AliasAnswer>('/api/aliases')
    if (options.json === true) return printJson(desk.terminal, { data: all })
    printTable(
      desk.terminal,
      [{ title: 'ALIAS', isWhole: true }, { title: 'LEADS TO', isWhole: true }, { title: 'KIND' }],
      all.map((one) => [one.alias, targetOf(one), one.target_kind]),
      `No aliases. Make one with "${BAIMO} models alias NAME TARGET".`,
    )
  })
}
