import type { Command } from 'commander'
import type { JsonObject } from '../kernel/index.ts'
import type { KeyAnswer, MeAnswer, NewKeyAnswer, PersonAnswer, TeamAnswer } from './answers.ts'
import { type MarketClient, reasonOf } from './client.ts'
import {
  type CommonOptions,
  type Desk,
  printJson,
  printLines,
  printTable,
  withJson,
} from './command.ts'
import { Failure, usageFailure } from './failure.ts'
import { findPerson, findTeam } from './find-people.ts'
import { modelPath } from './model-path.ts'
import { pickOne } from './pick-one.ts'
import { readExpiry, readSeveral } from './read-options.ts'
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
    const shown = all.filter((key) => options.all === true || stateOf(key, nowMs) === 'active')
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
        { title: 'ENDS' },
        { title: 'STATE' },
      ],
      shown.map((key) => [
        key.name,
        key.prefix,
        holders.get(key.person_id ?? key.team_id ?? '') ?? 'somebody',
        key.scopes?.join(', ') ?? 'all',
        key.models?.join(', ') ?? 'all',
        formatTime(key.expires_at, 'never'),
        stateOf(key, nowMs),
      ]),
      `No keys. Make one with "${BAIMO} keys create NAME".`,
    )
  })
}

/** Whether a key opens anything now. */
export function stateOf(
  key: Pick<KeyAnswer, 'revoked_at' | 'expires_at'>,
  nowMs: number,
): 'active' | 'expired' | 'revoked' {
  if (key.revoked_at !== null) return 'revoked'
  const hasEnded = key.expires_at !== null && Date.parse(key.expires_at) <= nowMs
  return hasEnded ? 'expired' : 'active'
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
  readonly force?: boolean
}

const SCOPES = 'chat, completions, embeddings, models, usage, api, metrics'

function addCreate(keys: Command, desk: Desk): void {
  const command = keys
    .command('create')
    .description('a new key; its secret is shown this once')
    .argument('<name>', 'to tell it from others')
    .option(
      '--scope <scope>',
      `what it may call, several times or with commas: ${SCOPES}`,
      readSeveral,
    )
    .option('--model <name>', 'what it may ask, several times or with commas', readSeveral)
    .option('--force', 'take a --model that the catalog does not know yet')
    .option('--expires <when>', '12h, 30d, 2w, or a date like 2027-01-31')
    .option('--team <name>', 'a key of this team')
    .option('--person <name>', 'a key of this person (name, e-mail or id)')
  withJson(command).action(async (name: string, options: CreateOptions) => {
    const market = desk.market()
    const body = await composeKey(market, name, options)
    const key = await market.call<NewKeyAnswer>('POST', '/api/keys', { body })
    await handOver(desk, market, { key, isJson: options.json === true })
    if (options.json === true) return
    const until =
      key.expires_at === null ? 'until it is revoked' : `until ${formatTime(key.expires_at)}`
    desk.terminal.err(`This key is shown once: keep it now. It is good ${until}.\n`)
  })
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
    const facts = { code: 'cli_key_lost', id: key.id }
    const failed = await market.call('DELETE', `/api/keys/${key.id}`).then(
      () => null,
      (reason: unknown) => reasonOf(reason),
    )
    const end =
      failed === null
        ? `The key was revoked at once. Give the same command again where its output is taken.`
        : `The key could not be revoked either (${failed}): "${BAIMO} keys revoke ${key.id}".`
    throw new Failure(`${why} ${end}`, {
      facts: { ...facts, is_revoked: failed === null },
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
    ...(options.scope === undefined ? {} : { scopes: options.scope }),
    ...(options.model === undefined ? {} : { models: options.model }),
    ...(expiresAt === null ? {} : { expires_at: expiresAt.toISOString() }),
    ...(team === null ? {} : { team_id: team.id }),
    ...(person === null ? {} : { person_id: person.id }),
  }
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

function addRevoke(keys: Command, desk: Desk): void {
  const command = keys
    .command('revoke')
    .description('end a key, at once and for good')
    .argument('<key>', 'its name, its first characters or its id')
  withJson(command).action(async (word: string, options: CommonOptions) => {
    const market = desk.market()
    const all = await market.list<KeyAnswer>('/api/keys')
    const key = pickOne(
      all.filter(({ revoked_at }) => revoked_at === null),
      word,
      {
        noun: 'key',
        listedBy: 'keys',
        namesOf: ({ name, prefix }) => [name, prefix],
      },
    )
    if (key.is_owner_key)
      desk.terminal.err('This is the owner’s key: the next start of the market issues a new one.\n')
    await market.call('DELETE', `/api/keys/${key.id}`)
    if (options.json === true) return printJson(desk.terminal, { id: key.id, is_revoked: true })
    printLines(desk.terminal, `Revoked ${key.name} (${key.prefix}…). It opens nothing any more.`)
  })
}
