import type { Command } from 'commander'
import type { LinkAnswer, PersonAnswer } from './answers.ts'
import {
  type CommonOptions,
  type Desk,
  printJson,
  printLines,
  printTable,
  withJson,
} from './command.ts'
import { confirm } from './confirm.ts'
import { findPerson } from './find-people.ts'
import { addTeamsCommand } from './teams.ts'
import { BAIMO, formatTime } from './words.ts'

const ROLES = 'owner, admin or member'

export function addPeopleCommand(program: Command, desk: Desk): void {
  const people = program.command('people').description('who belongs to your organisation')
  addList(people, desk)
  addPerson(people, desk)
  addRole(people, desk)
  addRemove(people, desk)
  addTeamsCommand(people, desk)
}

function addList(people: Command, desk: Desk): void {
  const command = people.command('list', { isDefault: true }).description('everybody, with roles')
  withJson(command).action(async (options: CommonOptions) => {
    const all = await desk.market().list<PersonAnswer>('/api/people')
    if (options.json === true) return printJson(desk.terminal, { data: all })
    printTable(
      desk.terminal,
      [
        { title: 'NAME' },
        { title: 'E-MAIL' },
        { title: 'ROLE' },
        { title: 'SINCE' },
        { title: 'ID', isWhole: true },
      ],
      all.map(({ id, name, email, role, created_at: since }) => [
        name,
        email ?? 'none',
        role,
        formatTime(since),
        id,
      ]),
      'Nobody yet.',
    )
  })
}

interface AddOptions extends CommonOptions {
  readonly email?: string
  readonly role?: string
}

function addPerson(people: Command, desk: Desk): void {
  const command = people
    .command('add')
    .description('a new person, with a link that lets them in once')
    .argument('<name>', 'as others call them')
    .option('--email <address>', 'to tell them from others of the same name')
    .option('--role <role>', ROLES, 'member')
  withJson(command).action(async (name: string, options: AddOptions) => {
    const body = {
      name,
      ...(options.role === undefined ? {} : { role: options.role }),
      ...(options.email === undefined ? {} : { email: options.email }),
    }
    type Added = PersonAnswer & { readonly link: LinkAnswer }
    const person = await desk.market().call<Added>('POST', '/api/people', { body })
    if (options.json === true) return printJson(desk.terminal, person)
    printLines(
      desk.terminal,
      `Added ${person.name} as ${person.role}.`,
      `Link for them (once, until ${formatTime(person.link.expires_at)}): ${person.link.url}`,
      `A key for them: ${BAIMO} keys create NAME --person ${person.id}`,
    )
  })
}

function addRole(people: Command, desk: Desk): void {
  const command = people
    .command('role')
    .description('what a person may do')
    .argument('<person>', 'name, e-mail or id')
    .argument('<role>', ROLES)
  withJson(command).action(async (word: string, role: string, options: CommonOptions) => {
    const market = desk.market()
    const { id } = await findPerson(market, word)
    const person = await market.call<PersonAnswer>('PATCH', `/api/people/${id}`, { body: { role } })
    if (options.json === true) return printJson(desk.terminal, person)
    printLines(desk.terminal, `${person.name} is ${person.role} now.`)
  })
}

function addRemove(people: Command, desk: Desk): void {
  const command = people
    .command('remove')
    .description('remove a person; who is in no other organisation is erased')
    .argument('<person>', 'name, e-mail or id')
    .option('--yes', 'do not ask')
  withJson(command).action(async (word: string, options: CommonOptions & { yes?: boolean }) => {
    const market = desk.market()
    const person = await findPerson(market, word)
    const question = `Remove ${person.name} (${person.email ?? person.id})? Their name, address and keys go; what they used stays in the books without a name. It cannot be undone.`
    if (options.yes !== true) await confirm(desk.terminal, question)
    await market.call('DELETE', `/api/people/${person.id}`)
    if (options.json === true) return printJson(desk.terminal, { id: person.id, is_removed: true })
    printLines(desk.terminal, `Removed ${person.name}.`)
  })
}
