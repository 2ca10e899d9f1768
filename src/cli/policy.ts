import type { Command } from 'commander'
import type { JsonObject } from '../kernel/index.ts'
import type { PolicyAnswer } from '../routing/index.ts'
import type { TeamAnswer } from './answers.ts'
import {
  type CommonOptions,
  type Desk,
  printJson,
  printLines,
  printTable,
  withJson,
} from './command.ts'
import { usageFailure } from './failure.ts'
import { findTeam } from './find-people.ts'
import { BAIMO } from './words.ts'

const HELP = `
A policy bounds "auto", fallback and battles. What is unknown of a listing
satisfies none: state facts with "${BAIMO} models set". A team's policy narrows
that of its organisation. Places: countries (FR), EU, here (this machine and
your own network), this-machine, own-network.

  ${BAIMO} policy set --places here,EU --no-training
  ${BAIMO} policy set --team lab --no-retention --openness weights`

interface SetOptions extends CommonOptions {
  readonly team?: string
  readonly places?: string
  readonly retention?: boolean
  readonly training?: boolean
  readonly openness?: string
}

export function addPolicyCommand(program: Command, desk: Desk): void {
  const policy = program
    .command('policy')
    .description('where requests may go, for your organisation and its teams: list, set, remove')
    .addHelpText('after', HELP)
  addList(policy, desk)
  addSet(policy, desk)
  addRemove(policy, desk)
}

function addList(policy: Command, desk: Desk): void {
  const command = policy.command('list', { isDefault: true }).description('the policies')
  withJson(command).action(async (options: CommonOptions) => {
    const market = desk.market()
    const all = await market.list<PolicyAnswer>('/api/policies')
    if (options.json === true) return printJson(desk.terminal, { data: all })
    const hasTeams = all.some(({ team_id: id }) => id !== null)
    const teams = hasTeams ? await market.list<TeamAnswer>('/api/teams') : []
    printTable(
      desk.terminal,
      [
        { title: 'OF', isWhole: true },
        { title: 'PLACES' },
        { title: 'RETENTION' },
        { title: 'TRAINING' },
        { title: 'OPENNESS' },
      ],
      all.map((one) => [
        nameOf(one, teams),
        one.places === null ? 'anywhere' : one.places.join(', ') || 'nowhere',
        one.no_retention ? 'none' : 'any',
        one.no_training ? 'none' : 'any',
        one.least_openness === null ? 'any' : `at least ${one.least_openness}`,
      ]),
      `No policies: requests may go anywhere. Set one with "${BAIMO} policy set --places EU".`,
    )
  })
}

function nameOf({ team_id: id }: PolicyAnswer, teams: readonly TeamAnswer[]): string {
  if (id === null) return 'organisation'
  return `team ${teams.find((team) => team.id === id)?.name ?? id}`
}

function addSet(policy: Command, desk: Desk): void {
  const command = policy
    .command('set')
    .description('replace a policy by what you say now')
    .option('--team <name>', 'of a team; absent: of your organisation')
    .option('--places <list>', 'with commas; absent: anywhere')
    .option('--no-retention', 'only where nothing is kept')
    .option('--no-training', 'only where nobody trains on requests')
    .option('--openness <least>', 'weights, weights-and-code or fully-open')
  withJson(command).action(async (options: SetOptions) => {
    const body = composePolicy(options)
    const path = await pathOf(desk, options.team)
    const answer = await desk.market().call<PolicyAnswer>('PUT', path, { body })
    if (options.json === true) return printJson(desk.terminal, answer)
    printLines(desk.terminal, 'Set. It holds from the next request on.')
  })
}

/** The body of the change. Fails where it asks for nothing. */
export function composePolicy(options: SetOptions): JsonObject {
  const words = options.places?.split(',').map((word) => word.trim())
  const places = words?.flatMap((word) =>
    word === 'here' ? ['this-machine', 'own-network'] : [word],
  )
  const body = {
    places: places ?? null,
    no_retention: options.retention === false,
    no_training: options.training === false,
    least_openness: options.openness ?? null,
  }
  const { no_retention: kept, no_training: trained } = body
  if (places === undefined && !kept && !trained && options.openness === undefined)
    throw usageFailure('Say what to ask for: --places, --no-retention, --no-training, --openness.')
  return body
}

async function pathOf(desk: Desk, team: string | undefined): Promise<string> {
  if (team === undefined) return '/api/policies/organisation'
  return `/api/policies/teams/${(await findTeam(desk.market(), team)).id}`
}

function addRemove(policy: Command, desk: Desk): void {
  const command = policy
    .command('remove')
    .description('ask for nothing any more')
    .option('--team <name>', 'of a team; absent: of your organisation')
  withJson(command).action(async (options: CommonOptions & { team?: string }) => {
    await desk.market().call('DELETE', await pathOf(desk, options.team))
    if (options.json === true) return printJson(desk.terminal, { is_removed: true })
    printLines(desk.terminal, 'Removed.')
  })
}
