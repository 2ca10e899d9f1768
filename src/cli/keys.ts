import type { Command } from 'commander'
import type { JsonObject } from '../kernel/index.ts'
import type { KeyAnswer, MeAnswer, NewKeyAnswer, PersonAnswer, TeamAnswer } from './answers.ts'
import { type MarketClient, reasonOf } from './client.ts'
import { type CommonOptions, type Desk, printJson, printTable, withJson } from './command.ts'
import { Failure, usageFailure } from './failure.ts'
import { findPerson, findTeam } from './find-people.ts'
import { stateOf } from './key-state.ts'
import { addRevoke } from './keys-revoke.ts'
import { modelPath } from './model-path.ts'
import { readCount, readExpiry, readSeveral } from './read-options.ts'
import { BAIMO, formatTime } from './words.ts'

export function addKeysCommand(program: Command, desk: Desk): void {
  const keys = program.command('keys').description('API keys: list, create, revoke')
  addList(keys, desk)
  addCreate(keys, desk)
  addRevoke(keys, desk)
}

function addList(keys: Command, desk: Desk): void {
  const command = keys
    .command('list', { isDefault: true })
    .description('your keys, or your organisation’s if you are its admin')
    .option('--all', 'revoked and expired ones too')
  withJson(command).action(async (options: CommonOptions & { all?: boolean }) => {
    const market = desk.market()
    const nowMs = Date.now()
    const all = await market.list<KeyAnswer>('/api/keys')
    const shown = all.filter((key) => options.all === true || stateOf(key, nowMs) === 'good')
    if (options.json === true) return printJson(desk.terminal, { data: shown })
    const holders = await readHolders(market)
    printTable(
      desk.terminal,
      [
        { title: 'NAME', isWhole: true },
        { title: 'BEGINS', isWhole: true },
        { title: 'OF' },
        { title: 'SCOPES' },
        { title: 'MODELS' },
        { title: 'MADE BY' },
        { title: 'LAST USED' },
        { title: 'ENDS' },
        { title: 'STATE' },
      ],
      shown.map((key) => [
        key.name,
        key.prefix,
        holders.get(key.person_id ?? key.team_id ?? '') ?? 'somebody',
        key.scopes?.join(', ') ?? 'all',
        key.models?.join(', ') ?? 'all',
        nameMaker(key, all, holders),
        formatTime(key.last_used_at, 'never'),
        formatTime(key.expires_at, 'never'),
        stateOf(key, nowMs),
      ]),
      `No keys. Make one with "${BAIMO} keys create NAME".`,
    )
  })
}

/**
 * The key that made a key, and whose that was; of an owner's key the host and folder it lies in,
 * which tells it from those of other homes.
 */
export function nameMaker(
  { home, is_owner_key: isOwnerKey, made_by: madeBy }: KeyAnswer,
  all: readonly KeyAnswer[],
  holders: ReadonlyMap<string, string>,
): string {
  if (home !== null) return `start of ${home}`
  if (isOwnerKey) return 'a start'
  if (madeBy === null) return 'unknown'
  const person = holders.get(madeBy.person_id ?? '') ?? 'somebody'
  if (madeBy.key_id === null) return person
  return `${person} with ${all.find(({ id }) => id === madeBy.key_id)?.name ?? 'a key'}`
}

/** Names of people and teams by id. Who is no admin sees only their own. */
async function readHolders(market: MarketClient): Promise<Map<string, string>> {
  try {
    const [people, teams] = await Promise.all([
      market.list<PersonAnswer>('/api/people'),
      market.list<TeamAnswer>('/api/teams'),
    ])
    return new Map([...people, ...teams].map(({ id, name }) => [id, name]))
  } catch (error) {
    if (!(error instanceof Failure) || error.facts.status !== 403) throw error
    const { person } = await market.get<MeAnswer>('/api/me')
    return new Map(person === null ? [] : [[person.id, person.name]])
  }
}

interface CreateOptions extends CommonOptions {
  readonly scope?: readonly string[]
  readonly model?: readonly string[]
  readonly expires?: string
  readonly team?: string
  readonly person?: string
  readonly requestsPerMinute?: number | 'none'
  readonly tokensPerMinute?: number | 'none'
  readonly force?: boolean
}

const SCOPES = 'chat, completions, embeddings, models, usage, api, metrics, or all that you may'

const CREATE_HELP = `
Unless --scope asks for more, a key may use /v1 and read its own limits and usage, nothing else.`

function addCreate(keys: Command, desk: Desk): void {
  const command = keys
    .command('create')
    .description('a new key; its secret is shown this once')
    .argument('<name>', 'to tell it from others')
    .option(
      '--scope <scope>',
      `what it may call, several times or with commas: ${SCOPES}; without it /v1 alone`,
      readSeveral,
    )
    .option('--model <name>', 'what it may ask, several times or with commas', readSeveral)
    .option('--force', 'take a --model that the catalog does not know yet')
    .option('--expires <when>', '12h, 30d, 2w, or a date like 2027-01-31')
    .option('--team <name>', 'a key of this team')
    .option('--person <name>', 'a key of this person (name, e-mail or id)')
    .option('--requests-per-minute <count>', 'a limit of the key, in any sixty seconds', readCount)
    .option('--tokens-per-minute <count>', 'the same for tokens, such as 100k', readCount)
    .addHelpText('after', CREATE_HELP)
  withJson(command).action(async (name: string, options: CreateOptions) => {
    const market = desk.market()
    const body = await composeKey(market, name, options)
    const key = await market.call<NewKeyAnswer>('POST', '/api/keys', { body })
    await limitKey(market, key, options)
    await handOver(desk, market, { key, isJson: options.json === true })
    if (options.json === true) return
    const until =
      key.expires_at === null ? 'until it is revoked' : `until ${formatTime(key.expires_at)}`
    desk.terminal.err(`This key is shown once: keep it now. It is good ${until}.\n`)
  })
}

/** Sets the limits that were asked for. A key that cannot be limited as wished is revoked. */
async function limitKey(
  market: MarketClient,
  { id }: NewKeyAnswer,
  { requestsPerMinute = 'none', tokensPerMinute = 'none' }: CreateOptions,
): Promise<void> {
  if (requestsPerMinute === 'none' && tokensPerMinute === 'none') return
  const body = {
    requests_per_minute: requestsPerMinute === 'none' ? null : requestsPerMinute,
    tokens_per_minute: tokensPerMinute === 'none' ? null : tokensPerMinute,
  }
  try {
    await market.call('PUT', `/api/limits/key/${id}`, { body })
  } catch (error) {
    const end = await endKey(market, id)
    throw new Failure(`The limits could not be set (${reasonOf(error)}). ${end.said}`, {
      facts: { code: 'cli_key_not_limited', id, is_revoked: end.isRevoked },
      cause: error,
    })
  }
}

async function endKey(market: MarketClient, id: string) {
  try {
    await market.call('DELETE', `/api/keys/${id}`)
    return { isRevoked: true, said: 'The key was revoked at once.' }
  } catch (error) {
    const said = `The key could not be revoked either (${reasonOf(error)}): "${BAIMO} keys revoke ${id}".`
    return { isRevoked: false, said }
  }
}

/**
 * Prints the secret, alone on standard output, so that it can be piped into a file or a variable.
 * A key whose secret nobody has is good for nothing: where it cannot be printed, it is revoked.
 */
async function handOver(
  { terminal }: Desk,
  market: MarketClient,
  { key, isJson }: { readonly key: NewKeyAnswer; readonly isJson: boolean },
): Promise<void> {
  try {
    await terminal.deliver(isJson ? `${JSON.stringify(key, null, 2)}\n` : `${key.key}\n`)
  } catch (error) {
    const why = `The secret could not be written (${reasonOf(error)}), so nobody has it.`
    const { isRevoked, said } = await endKey(market, key.id)
    const again = isRevoked ? ' Give the same command again where its output is taken.' : ''
    throw new Failure(`${why} ${said}${again}`, {
      facts: { code: 'cli_key_lost', id: key.id, is_revoked: isRevoked },
      cause: error,
    })
  }
}

async function composeKey(
  market: MarketClient,
  name: string,
  options: CreateOptions,
): Promise<JsonObject> {
  if (options.team !== undefined && options.person !== undefined)
    throw usageFailure('A key belongs to a person or to a team: give --team or --person, not both.')
  const expiresAt = options.expires === undefined ? null : readExpiry(options.expires, Date.now())
  if (expiresAt === undefined)
    throw usageFailure(
      `--expires takes 12h, 30d, 2w or a date to come like 2027-01-31, not "${options.expires}".`,
    )
  if (options.force !== true) await demandModels(market, options.model ?? [])
  const team = options.team === undefined ? null : await findTeam(market, options.team)
  const person = options.person === undefined ? null : await findPerson(market, options.person)
  return {
    name,
    ...(options.scope === undefined ? {} : { scopes: chooseScopes(options.scope) }),
    ...(options.model === undefined ? {} : { models: options.model }),
    ...(expiresAt === null ? {} : { expires_at: expiresAt.toISOString() }),
    ...(team === null ? {} : { team_id: team.id }),
    ...(person === null ? {} : { person_id: person.id }),
  }
}

/** What is beside `all` is in it. */
function chooseScopes(scopes: readonly string[]): readonly string[] {
  return scopes.includes('all') ? ['all'] : scopes
}

/** A misspelt name would limit a key to nothing. */
async function demandModels(market: MarketClient, names: readonly string[]): Promise<void> {
  for (const name of names) {
    try {
      await market.get(modelPath(name))
    } catch (error) {
      if (!(error instanceof Failure) || error.facts.status !== 404) throw error
      const hint = `"${BAIMO} models" lists all; with --force the name is taken for one to come.`
      throw new Failure(`${error.message} ${hint}`, { facts: error.facts })
    }
  }
}
