import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { JsonObject } from '../kernel/index.ts'
import { addFromHub } from './add-from-hub.ts'
import type {
  AddedFileAnswer,
  AddedProviderAnswer,
  ListingAnswer,
  ProposalAnswer,
} from './answers.ts'
import { type CommonOptions, type Desk, printJson, printLines, withJson } from './command.ts'
import { ADDABLE_KINDS, decideSource, type Source } from './decide-source.ts'
import { Failure, usageFailure } from './failure.ts'
import { hidePassword } from './find-market.ts'
import { stateOfListing } from './format-model.ts'
import { withProgress } from './progress.ts'
import { readKeyFile } from './read-key-file.ts'
import { readSeveral } from './read-options.ts'
import { BAIMO, count, formatBytes, UNKNOWN } from './words.ts'

interface AddOptions extends CommonOptions {
  readonly name?: string
  readonly kind?: string
  readonly url?: string
  readonly keyFile?: string
  readonly model?: readonly string[]
  readonly yes?: boolean
  readonly cancel?: boolean
}

const HELP = `
Kinds of providers:
  ${ADDABLE_KINDS.slice(0, 7).join(', ')},
  ${ADDABLE_KINDS.slice(7).join(', ')}
A key is read from a file, or from standard input with "--key-file -", never
from the command line. What a provider lists is offered; only files and what
--model names are on at once. Models of Hugging Face (hf:) and ModelScope (ms:)
are downloaded by the market; without a quantisation Q4_K_M is taken, or the
only one.

  ${BAIMO} add http://localhost:11434
  ${BAIMO} add openai --key-file openai.key --model gpt-5-mini
  ${BAIMO} add ./model.gguf --name lion
  ${BAIMO} add hf:ORG/REPO-GGUF:Q4_K_M`

export function addAddCommand(program: Command, desk: Desk): void {
  const command = program
    .command('add')
    .description('add a server, a provider, a model file or a model of a hub')
    .argument(
      '<source>',
      'an address, the kind of a provider, the path of a GGUF file, or hf:ORG/REPO[:QUANT]',
    )
    .option('--name <name>', 'what to call it here')
    .option('--kind <kind>', 'what the server at an address is, if it does not say so itself')
    .option('--url <address>', 'where a provider of that kind answers, if not at the usual place')
    .option('--key-file <path>', 'file with the key; - for standard input')
    .option(
      '--model <name>',
      'switch this model on at once; several times or with commas',
      readSeveral,
    )
    .option('-y, --yes', 'download without being asked')
    .option('--cancel', 'end the download of that source')
    .addHelpText('after', HELP)
  withJson(command).action(async (word: string, options: AddOptions) => {
    const source = decideSource(word, isFile)
    if (source.kind === 'hub') return addFromHub(desk, source.source, hubOptions(options))
    const { path, body, label } = await compose(desk, source, { word, options })
    const market = desk.market()
    const added = await withProgress(
      desk.terminal,
      label,
      () =>
        market
          .call<Added>('POST', path, { body, mayTakeLong: true })
          .catch((error: unknown) => withHint(error, body)),
      { isSilent: options.json === true },
    )
    if (options.json === true) return printJson(desk.terminal, added)
    printLines(desk.terminal, ...describeAdded(added))
    const proposals = await market.list<ProposalAnswer>('/api/proposals')
    const same = describeProposals(added, proposals)
    if (same.length > 0) printLines(desk.terminal, ...same)
  })
}

/** What the market cannot know: how this command is given what it misses. */
const HINTS: Readonly<Record<string, string>> = {
  catalog_key_missing: 'Put it in a file and add "--key-file FILE".',
  providers_key_refused: 'Put a good one in a file and add "--key-file FILE".',
  catalog_provider_incomplete: 'Add "--url ADDRESS".',
}

const ABOUT_ADDRESS = [
  'providers_url_invalid',
  'providers_address_forbidden',
  'catalog_provider_itself',
  'catalog_offline',
]

function withHint(error: unknown, { url }: JsonObject): never {
  if (!(error instanceof Failure)) throw error
  const code = String(error.facts.code)
  const given = ABOUT_ADDRESS.includes(code) && typeof url === 'string' ? url : null
  const hints = [HINTS[code], given === null ? undefined : `Given: ${hidePassword(given)}.`]
  const hint = hints.filter((each) => each !== undefined).join(' ')
  throw hint === '' ? error : new Failure(`${error.message} ${hint}`, { facts: error.facts })
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

interface Addition {
  readonly path: string
  readonly body: JsonObject
  /** What a person reads while it takes long. */
  readonly label: string
}

function hubOptions(options: AddOptions): AddOptions {
  const misplaced = (['kind', 'url', 'keyFile', 'model'] as const).find((name) => options[name])
  if (misplaced === undefined) return options
  throw usageFailure(`A model of a hub takes no --${misplaced.replace('F', '-f')}.`)
}

function compose(
  desk: Desk,
  source: Exclude<Source, { readonly kind: 'hub' }>,
  given: { readonly word: string; readonly options: AddOptions },
): Promise<Addition> | Addition {
  switch (source.kind) {
    case 'file':
      return composeFile(source.path, given.options)
    case 'server':
      return composeProvider(desk, { url: source.url, kind: given.options.kind }, given.options)
    case 'preset':
      return composeProvider(desk, { url: given.options.url, kind: source.preset }, given.options)
    case 'unknown':
      throw usageFailure(describeUnknown(given.word))
  }
}

/** What is wrong with a word that is nothing that can be added. */
export function describeUnknown(word: string): string {
  if (/^(hf|ms):/i.test(word))
    return `"${word}" is no repository: write hf:ORG/REPO (Hugging Face) or ms:ORG/REPO (ModelScope).`
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(word))
    return `"${hidePassword(word)}" is no address of a server: it begins with http:// or https://.`
  return `"${word}" is no address (http://…), no file that is there, no model of a hub (hf:ORG/REPO), and no kind of provider: ${ADDABLE_KINDS.join(', ')}.`
}

function composeFile(path: string, options: AddOptions): Addition {
  const misplaced = (['kind', 'url', 'keyFile', 'model'] as const).find((name) => options[name])
  if (misplaced !== undefined)
    throw usageFailure(`A file takes --name alone, not --${misplaced.replace('F', '-f')}.`)
  const absolute = resolve(path)
  const stats = statSync(absolute, { throwIfNoEntry: false })
  // A market that runs elsewhere has files of its own: it says itself what it finds there.
  if (stats?.isFile() !== true)
    throw new Failure(`There is no file ${absolute}. Give the path of a GGUF file.`, {
      facts: { code: 'cli_file_missing' },
    })
  const name = options.name === undefined ? {} : { name: options.name }
  return {
    path: '/api/files',
    body: { path: absolute, ...name },
    label: `Reading ${absolute} (${formatBytes(stats.size)})`,
  }
}

async function composeProvider(
  desk: Desk,
  at: { readonly url: string | undefined; readonly kind: string | undefined },
  options: AddOptions,
): Promise<Addition> {
  const { name, keyFile, model } = options
  const key = keyFile === undefined ? null : await readKeyFile(keyFile, desk.terminal)
  return {
    path: '/api/providers',
    body: {
      ...(at.kind === undefined ? {} : { kind: at.kind }),
      ...(at.url === undefined ? {} : { url: at.url }),
      ...(name === undefined ? {} : { name }),
      ...(key === null ? {} : { key }),
      ...(model === undefined ? {} : { models: model }),
    },
    label: `Asking ${at.url ?? at.kind ?? 'it'} for its models`,
  }
}

const MOST_SHOWN = 20

type Added = AddedProviderAnswer | AddedFileAnswer

/** What was added, what is on, what is offered and how to switch that on. */
export function describeAdded(added: Added): string[] {
  const listings = 'listing' in added ? [added.listing] : added.listings
  const on = listings.filter(({ is_on: isOn }) => isOn)
  const offered = listings.filter((one) => !one.is_on && one.vanished_at === null)
  return [
    headLine(added),
    ...section('On', on),
    ...section('Offered', offered),
    ...(offered[0] === undefined
      ? []
      : [`Switch one on: ${BAIMO} models on ${nameOf(offered[0])}`]),
    ...(on[0] === undefined ? [] : [`Ask it: ${BAIMO} ask ${nameOf(on[0])} "Hello"`]),
  ]
}

const MOST_PROPOSALS = 5

/** What was added may be a model that is there already: only the owner knows. */
export function describeProposals(added: Added, proposals: readonly ProposalAnswer[]): string[] {
  const listings = 'listing' in added ? [added.listing] : added.listings
  const names = new Set(listings.map(nameOf))
  const open = proposals.filter(
    ({ state, kept, other }) =>
      state === 'open' && [kept, other].some(({ name }) => name !== undefined && names.has(name)),
  )
  const rest = open.length - MOST_PROPOSALS
  return [
    ...open
      .slice(0, MOST_PROPOSALS)
      .flatMap(({ id, kept, other }) => [
        `${other.name ?? other.id} may be the same model as ${kept.name ?? kept.id}.`,
        `  If it is: ${BAIMO} models same ${id}`,
      ]),
    ...(rest > 0 ? [`and ${rest} more that may be the same: ${BAIMO} models proposals`] : []),
  ]
}

function headLine(added: Added): string {
  if ('listing' in added) return `Added ${added.listing.file_path ?? nameOf(added.listing)}.`
  const { kind, name, base_url: url } = added.provider
  return `Added ${name} (${kind}) at ${url}: ${count(added.listings.length, 'model')}.`
}

function nameOf({ model }: ListingAnswer): string {
  return model ?? UNKNOWN
}

function section(title: string, listings: readonly ListingAnswer[]): string[] {
  if (listings.length === 0) return []
  const shown = listings.slice(0, MOST_SHOWN)
  const rest = listings.length - shown.length
  return [
    `${title}:`,
    ...shown.map((listing) => `  ${nameOf(listing)}${remark(listing)}`),
    ...(rest > 0 ? [`  and ${rest} more: ${BAIMO} models`] : []),
  ]
}

function remark(listing: ListingAnswer): string {
  const state = stateOfListing(listing)
  return ['on', 'offered', 'off'].includes(state) ? '' : `  (${state})`
}
