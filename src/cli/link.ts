import type { Command } from 'commander'
import type { LinkAnswer } from './answers.ts'
import { type CommonOptions, type Desk, printJson, printLines, withJson } from './command.ts'
import { findPerson } from './find-people.ts'

export function addLinkCommand(program: Command, desk: Desk): void {
  const command = program
    .command('link')
    .description('a new link that opens the market in a browser: once, within the hour')
    .argument('[person]', 'for another person: name, e-mail or id')
  withJson(command).action(async (word: string | undefined, options: CommonOptions) => {
    const market = desk.market()
    const person = word === undefined ? null : await findPerson(market, word)
    const body = person === null ? {} : { person_id: person.id }
    const link = await market.call<LinkAnswer>('POST', '/api/links', { body })
    if (options.json === true) return printJson(desk.terminal, link)
    const whose = person === null ? 'Owner link' : `Link for ${person.name}`
    printLines(desk.terminal, `${whose} (once, one hour): ${link.url}`)
  })
}
