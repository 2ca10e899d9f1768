import type { Command } from 'commander'
import type { JsonObject } from '../kernel/index.ts'
import type { AddedProviderAnswer, ListingAnswer, ProviderAnswer } from './answers.ts'
import type { MarketClient } from './client.ts'
import {
  type CommonOptions,
  type Desk,
  printJson,
  printLines,
  printTable,
  withJson,
} from './command.ts'
import { confirm } from './confirm.ts'
import { troubleOf } from './describe-rest.ts'
import { usageFailure } from './failure.ts'
import { pickOne } from './pick-one.ts'
import { placeOfProvider } from './place-of-provider.ts'
import { withProgress } from './progress.ts'
import { readKeyFile } from './read-key-file.ts'
import {
  composeResilience,
  describeResilience,
  type ResilienceOptions,
  summariseResilience,
  withMaxConnections,
  withResilience,
} from './resilience-options.ts'
import { BAIMO, count, formatTime } from './words.ts'

export function addProvidersCommand(program: Command, desk: Desk): void {
  const providers = program
    .command('providers')
    .description('who serves models: list, show, set, refresh, remove')
  addList(providers, desk)
  addShow(providers, desk)
  addSet(providers, desk)
  addRefresh(providers, desk)
  addRemove(providers, desk)
}

const COLUMNS = [
  { title: 'NAME', isWhole: true },
  { title: 'KIND' },
  { title: 'ADDRESS' },
  { title: 'KEY' },
  { title: 'MODELS' },
  { title: 'SET' },
] as const

function addList(providers: Command, desk: Desk): void {
  const command = providers
    .command('list', { isDefault: true })
    .description('all providers, with what they serve and what is set for them')
  withJson(command).action(async (options: CommonOptions) => {
    const all = await desk.market().list<ProviderAnswer>('/api/providers')
    if (options.json === true) return printJson(desk.terminal, { data: all })
    printTable(
      desk.terminal,
      COLUMNS,
      all.map(providerRow),
      `No providers. Add one with "${BAIMO} add http://localhost:11434".`,
    )
  })
}

/** One line of the list. */
export function providerRow(provider: ProviderAnswer): string[] {
  return [
    provider.name,
    provider.kind,
    placeOfProvider(provider),
    provider.has_key ? 'kept' : 'none',
    modelsOf(provider),
    summariseResilience(provider.resilience) ?? '',
  ]
}

function modelsOf({ listing_count: all, on_count: on, off_count: off }: ProviderAnswer): string {
  return `${on} on${off > 0 ? `, ${off} off` : ''}, ${all - on - off} offered`
}

function addShow(providers: Command, desk: Desk): void {
  const command = providers
    .command('show')
    .description('one provider, with every setting that counts for it')
    .argument('<provider>', 'name or id')
  withJson(command).action(async (word: string, options: CommonOptions) => {
    const market = desk.market()
    const { id } = await findProvider(market, word)
    const answer = await market.get<AddedProviderAnswer>(`/api/providers/${id}`)
    if (options.json === true) return printJson(desk.terminal, answer)
    const { provider } = answer
    printLines(
      desk.terminal,
      `${provider.name} (${provider.kind}) at ${placeOfProvider(provider)}, key ${provider.has_key ? 'kept' : 'none'}`,
      `${modelsOf(provider)}, list read ${formatTime(provider.refreshed_at, 'never')}, id ${id}`,
    )
    printLines(desk.terminal, ...answer.listings.flatMap(troubleLine))
    printSettings(desk, provider)
  })
}

/** A listing that is not well, by its model. */
function troubleLine({ model, upstream_model: upstreamModel, health }: ListingAnswer): string[] {
  const trouble = troubleOf(health ?? null)
  return trouble === null ? [] : [`${model ?? upstreamModel} ${trouble}`]
}

function printSettings(desk: Desk, { resilience }: ProviderAnswer): void {
  printTable(
    desk.terminal,
    [{ title: 'SETTING', isWhole: true }, { title: 'VALUE' }, { title: '' }],
    describeResilience(resilience),
    '',
  )
}

const SET_HELP = `
What is set for a provider counts for all of its listings, unless a listing has its own
("${BAIMO} models set"). A key is read from a file, or from standard input with "--key-file -";
requests that run go on, later ones use the new one.

  ${BAIMO} providers set box --retries 0 --no-fallback --idle-timeout 60s
  ${BAIMO} providers set box --max-connections 16 --unset idle-timeout
  ${BAIMO} providers set openai --key-file openai.key`

interface SetOptions extends CommonOptions, ResilienceOptions {
  readonly name?: string
  readonly url?: string
  readonly keyFile?: string
}

function addSet(providers: Command, desk: Desk): void {
  const command = providers
    .command('set')
    .description('another key, name or address, or what to do when it fails')
    .argument('<provider>', 'name or id')
    .option('--name <name>', 'what to call it from now on')
    .option('--url <address>', 'where it answers from now on; another server needs its key again')
    .option('--key-file <path>', 'file with another key; - for standard input')
    .addHelpText('after', SET_HELP)
  withMaxConnections(withResilience(command))
  withJson(command).action(async (word: string, options: SetOptions) => {
    const body = await composeChange(desk, options)
    const market = desk.market()
    const { id } = await findProvider(market, word)
    const path = `/api/providers/${id}`
    const call = { body, mayTakeLong: options.url !== undefined || options.keyFile !== undefined }
    const { provider } = await market.call<AddedProviderAnswer>('PATCH', path, call)
    if (options.json === true) return printJson(desk.terminal, provider)
    printLines(desk.terminal, `Set for ${provider.name} at ${placeOfProvider(provider)}:`)
    printSettings(desk, provider)
  })
}

async function composeChange(desk: Desk, options: SetOptions): Promise<JsonObject> {
  const { name, keyFile, url } = options
  const resilience = composeResilience(options)
  if (name === undefined && keyFile === undefined && url === undefined && resilience === null)
    throw usageFailure('Say what to set, such as --retries 0: "--help" lists all.')
  return {
    ...(name === undefined ? {} : { name }),
    ...(url === undefined ? {} : { url }),
    ...(keyFile === undefined ? {} : { key: await readKeyFile(keyFile, desk.terminal) }),
    ...(resilience === null ? {} : { resilience }),
  }
}

function addRefresh(providers: Command, desk: Desk): void {
  const command = providers
    .command('refresh')
    .description('read its list of models anew; switches nothing on')
    .argument('<provider>', 'name or id')
  withJson(command).action(async (word: string, options: CommonOptions) => {
    const market = desk.market()
    const { id, name } = await findProvider(market, word)
    const answer = await withProgress(
      desk.terminal,
      `Asking ${name} for its models`,
      () =>
        market.call<AddedProviderAnswer>('POST', `/api/providers/${id}/refresh`, {
          mayTakeLong: true,
        }),
      { isSilent: options.json === true },
    )
    if (options.json === true) return printJson(desk.terminal, answer)
    printLines(desk.terminal, `${name}: ${modelsOf(answer.provider)}.`)
  })
}

function addRemove(providers: Command, desk: Desk): void {
  const command = providers
    .command('remove')
    .description('remove a provider: its key is forgotten, its models take no more traffic')
    .argument('<provider>', 'name or id')
    .option('--yes', 'do not ask')
  withJson(command).action(async (word: string, options: CommonOptions & { yes?: boolean }) => {
    const market = desk.market()
    const provider = await findProvider(market, word)
    const on = count(provider.on_count, 'model')
    if (options.yes !== true)
      await confirm(desk.terminal, `Remove ${provider.name}, of which ${on} take traffic?`)
    await market.call('DELETE', `/api/providers/${provider.id}`)
    if (options.json === true)
      return printJson(desk.terminal, { id: provider.id, is_removed: true })
    printLines(
      desk.terminal,
      `Removed ${provider.name}. Adding its address again takes it up again, with a key.`,
    )
  })
}

async function findProvider(market: MarketClient, word: string): Promise<ProviderAnswer> {
  return pickOne(await market.list<ProviderAnswer>('/api/providers'), word, {
    noun: 'provider',
    listedBy: 'providers',
    namesOf: ({ name }) => [name],
  })
}
