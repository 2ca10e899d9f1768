import type { Command } from 'commander'
import type { PersonAnswer, TeamAnswer } from './answers.ts'
import {
  type CommonOptions,
  type Desk,
  printJson,
  printLines,
  printTable,
  withJson,
} from './command.ts'
import { confirm } from './confirm.ts'
import { findPerson, findTeam } from './find-people.ts'
import { BAIMO } from './words.ts'

export function addTeamsCommand(people: Command, desk: Desk): void {
  const teams = people.command('teams').description('teams, which hold keys together')
  addList(teams, desk)
  addTeam(teams, desk)
  addRemove(teams, desk)
  addMembership(teams, desk, 'join')
  addMembership(teams, desk, 'leave')
}

function addList(teams: Command, desk: Desk): void {
  const command = teams.command('list', { isDefault: true }).description('all teams with members')
  withJson(command).action(async (options: CommonOptions) => {
    const market = desk.market()
    const all = await market.list<TeamAnswer>('/api/teams')
    if (options.json === true) return printJson(desk.terminal, { data: all })
    const people = await market.list<PersonAnswer>('/api/people')
    const names = new Map(people.map(({ id, name }) => [id, name]))
    printTable(
      desk.terminal,
      [{ title: 'TEAM' }, { title: 'MEMBERS' }, { title: 'ID', isWhole: true }],
      all.map(({ id, name, member_ids: members }) => [
        name,
        members.map((member) => names.get(member) ?? member).join(', ') || 'nobody',
        id,
      ]),
      `No teams. Make one with "${BAIMO} people teams add NAME".`,
    )
  })
}

function addTeam(teams: Command, desk: Desk): void {
  const command = teams.command('add').description('a new team').argument('<name>', 'of the team')
  withJson(command).action(async (name: string, options: CommonOptions) => {
    const team = await desk.market().call<TeamAnswer>('POST', '/api/teams', { body: { name } })
    if (options.json === true) return printJson(desk.terminal, team)
    printLines(
      desk.terminal,
      `Added team ${team.name}. Add people with "${BAIMO} people teams join ${team.name} PERSON".`,
    )
  })
}

function addRemove(teams: Command, desk: Desk): void {
  const command = teams
    .command('remove')
    .description('remove a team and revoke its keys')
    .argument('<team>', 'name or id')
    .option('--yes', 'do not ask')
  withJson(command).action(async (word: string, options: CommonOptions & { yes?: boolean }) => {
    const market = desk.market()
    const team = await findTeam(market, word)
    if (options.yes !== true)
      await confirm(desk.terminal, `Remove team ${team.name} and revoke its keys?`)
    await market.call('DELETE', `/api/teams/${team.id}`)
    if (options.json === true) return printJson(desk.terminal, { id: team.id, is_removed: true })
    printLines(desk.terminal, `Removed team ${team.name}; its keys open nothing any more.`)
  })
}

const MEMBERSHIP = {
  join: { method: 'PUT', description: 'put a person into a team', past: 'is in' },
  leave: { method: 'DELETE', description: 'take a person out of a team', past: 'has left' },
} as const

function addMembership(teams: Command, desk: Desk, verb: 'join' | 'leave'): void {
  const { method, description, past } = MEMBERSHIP[verb]
  const command = teams
    .command(verb)
    .description(description)
    .argument('<team>', 'name or id')
    .argument('<person>', 'name, e-mail or id')
  withJson(command).action(async (teamWord: string, personWord: string, options: CommonOptions) => {
    const market = desk.market()
    const team = await findTeam(market, teamWord)
    const person = await findPerson(market, personWord)
    await market.call(method, `/api/teams/${team.id}/members/${person.id}`)
    if (options.json === true)
      return printJson(desk.terminal, { team_id: team.id, person_id: person.id })
    printLines(desk.terminal, `${person.name} ${past} team ${team.name}.`)
  })
}
