import type { Command } from 'commander'
import type { LimitsAnswer } from '../limits/index.ts'
import type { KeyAnswer, MeAnswer } from './answers.ts'
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
import { findPerson, findTeam } from './find-people.ts'
import { pickOne } from './pick-one.ts'
import { readCount } from './read-options.ts'
import { BAIMO } from './words.ts'

const HELP = `
A limit counts in every sixty seconds, in all processes of the market together.
  ${BAIMO} limits set key laptop --requests 60 --tokens 100k --concurrent 4
  ${BAIMO} limits set team lab --tokens none`

export function addLimitsCommand(program: Command, desk: Desk): void {
  const limits = program
    .command('limits')
    .description('requests and tokens a minute, and requests at a time: list, set, remove')
    .addHelpText('after', HELP)
  addList(limits, desk)
  addSet(limits, desk)
  addRemove(limits, desk)
}

function addList(limits: Command, desk: Desk): void {
  const command = limits
    .command('list', { isDefault: true })
    .description('your organisation’s limits if you are its admin, or those that bind you')
  withJson(command).action(async (options: CommonOptions) => {
    const market = desk.market()
    const all = await readLimits(market)
    if (options.json === true) return printJson(desk.terminal, { data: all })
    const nameOf = await readNames(market)
    printTable(
      desk.terminal,
      [
        { title: 'OF' },
        { title: 'NAME', isWhole: true },
        { title: 'REQUESTS A MINUTE', side: 'right' },
        { title: 'TOKENS A MINUTE', side: 'right' },
        { title: 'AT A TIME', side: 'right' },
      ],
      all.map((one) => [
        one.holder_kind,
        nameOf(one.holder_id),
        shapeUse(one.used.requests, one.requests_per_minute),
        shapeUse(one.used.tokens, one.tokens_per_minute),
        shapeUse(one.used.concurrent, one.concurrent_requests),
      ]),
      `No limits. Set one with "${BAIMO} limits set key NAME --requests 60".`,
    )
  })
}

/** Such as `12 of 60`; what is leased and not used yet counts as used. */
function shapeUse(used: number | null, limit: number | null): string {
  return limit === null ? 'no limit' : `${used ?? 0} of ${limit}`
}

/** Of the organisation; who is no admin sees what binds them. */
async function readLimits(market: MarketClient): Promise<LimitsAnswer[]> {
  try {
    return await market.list<LimitsAnswer>('/api/limits')
  } catch (error) {
    if (!isForbidden(error)) throw error
    return await market.list<LimitsAnswer>('/api/limits/mine')
  }
}

/**
 * What a holder is called, by its id. One that has no name for the caller to see is told by the id,
 * which `remove` takes; the market drops the limits of what was removed within a minute.
 */
async function readNames(market: MarketClient): Promise<(id: string) => string> {
  const paths = ['/api/keys', '/api/people', '/api/teams', '/api/organisations']
  const lists = await Promise.all(paths.map((path) => listAllowed(market, path)))
  const { person, key } = await market.get<MeAnswer>('/api/me')
  const seesAll = lists.every((list) => list !== null)
  const own: Named[] = [person, key].filter((one) => one !== null)
  const named = [...own, ...lists.flatMap((list) => list ?? [])]
  const names = new Map(named.map((one) => [one.id, one]))
  return (id) => {
    const one = names.get(id)
    if (one === undefined) return seesAll ? `${id} (removed)` : id
    return (one.revoked_at ?? null) === null ? one.name : `${one.name} (revoked)`
  }
}

interface Named {
  readonly id: string
  readonly name: string
  /** Of a key. */
  readonly revoked_at?: string | null
}

/** Null: the caller may not see them. */
async function listAllowed(market: MarketClient, path: string): Promise<Named[] | null> {
  try {
    return await market.list<Named>(path)
  } catch (error) {
    if (!isForbidden(error)) throw error
    return null
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof Failure && error.facts.status === 403
}

interface SetOptions extends CommonOptions {
  readonly requests?: number | 'none'
  readonly tokens?: number | 'none'
  readonly concurrent?: number | 'none'
}

function addSet(limits: Command, desk: Desk): void {
  const command = limits
    .command('set')
    .description('set limits; what is not named stays as it is')
    .argument('<of>', 'key, person, team or organisation')
    .argument('<name>', 'its name or id')
    .option('--requests <count>', 'in any sixty seconds; none: no limit', readCount)
    .option('--tokens <count>', 'in any sixty seconds, such as 100k; none: no limit', readCount)
    .option('--concurrent <count>', 'requests at the same time; none: no limit', readCount)
  withJson(command).action(async (of: string, word: string, options: SetOptions) => {
    const { requests, tokens, concurrent } = options
    if (requests === undefined && tokens === undefined && concurrent === undefined)
      throw usageFailure('Give --requests, --tokens or --concurrent, with a number or "none".')
    const market = desk.market()
    const holder = await findHolder(market, of, word)
    const before = (await market.list<LimitsAnswer>('/api/limits')).find(
      ({ holder_id: id }) => id === holder.id,
    )
    const body = {
      requests_per_minute: choose(requests, before?.requests_per_minute),
      tokens_per_minute: choose(tokens, before?.tokens_per_minute),
      concurrent_requests: choose(concurrent, before?.concurrent_requests),
    }
    if (Object.values(body).every((limit) => limit === null))
      throw usageFailure(`Nothing would be limited: use "${BAIMO} limits remove ${of} ${word}".`)
    const path = `/api/limits/${of}/${holder.id}`
    const set = await market.call<LimitsAnswer>('PUT', path, { body })
    if (options.json === true) return printJson(desk.terminal, set)
    printLines(desk.terminal, `${holder.name}: ${describe(set)}. It holds within a second.`)
  })
}

function choose(wish: number | 'none' | undefined, before: number | null | undefined) {
  if (wish === 'none') return null
  return wish ?? before ?? null
}

function describe(set: LimitsAnswer): string {
  const parts = [
    [set.requests_per_minute, 'request', ' a minute'],
    [set.tokens_per_minute, 'token', ' a minute'],
    [set.concurrent_requests, 'request', ' at a time'],
  ] as const
  return parts
    .filter(([limit]) => limit !== null)
    .map(([limit, noun, when]) => `${limit} ${noun}${limit === 1 ? '' : 's'}${when}`)
    .join(', ')
}

function addRemove(limits: Command, desk: Desk): void {
  const command = limits
    .command('remove')
    .description('remove all limits of one')
    .argument('<of>', 'key, person, team or organisation')
    .argument('<name>', 'its name or id')
  withJson(command).action(async (of: string, word: string, options: CommonOptions) => {
    const market = desk.market()
    const holder = (await findListed(market, of, word)) ?? (await findHolder(market, of, word))
    await market.call('DELETE', `/api/limits/${of}/${holder.id}`)
    if (options.json === true) return printJson(desk.terminal, { id: holder.id, is_removed: true })
    printLines(desk.terminal, `${holder.name} has no limits any more.`)
  })
}

/** Whose id is listed, whether it still exists or not; null: it is no id, or not listed. */
async function findListed(market: MarketClient, of: string, word: string): Promise<Named | null> {
  const all = await market.list<LimitsAnswer>('/api/limits')
  const listed = all.find(({ holder_kind, holder_id }) => holder_kind === of && holder_id === word)
  return listed === undefined ? null : { id: word, name: `${of} ${word}` }
}

async function findHolder(market: MarketClient, of: string, word: string): Promise<Named> {
  if (of === 'person') return await findPerson(market, word)
  if (of === 'team') return await findTeam(market, word)
  if (of === 'key') return await findKey(market, word)
  if (of === 'organisation')
    return pickOne(await market.list<Named>('/api/organisations'), word, {
      noun: 'organisation',
      listedBy: 'limits',
      namesOf: ({ name }) => [name],
    })
  throw usageFailure(`Limits are set for a key, person, team or organisation, not for "${of}".`)
}

async function findKey(market: MarketClient, word: string): Promise<KeyAnswer> {
  const all = await market.list<KeyAnswer>('/api/keys')
  return pickOne(
    all.filter(({ revoked_at }) => revoked_at === null),
    word,
    { noun: 'key', listedBy: 'keys', namesOf: ({ name, prefix }) => [name, prefix] },
  )
}
