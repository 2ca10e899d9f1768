import type { Command } from 'commander'
import type { KeyAnswer, MadeAnswer, MeAnswer, RevokedAnswer } from './answers.ts'
import type { MarketClient } from './client.ts'
import { type CommonOptions, type Desk, printJson, printLines, withJson } from './command.ts'
import { confirm } from './confirm.ts'
import { stateOf } from './key-state.ts'
import { pickOne } from './pick-one.ts'
import { BAIMO } from './words.ts'

interface RevokeOptions extends CommonOptions {
  readonly withMade?: boolean
  readonly yes?: boolean
}

export function addRevoke(keys: Command, desk: Desk): void {
  const command = keys
    .command('revoke')
    .description('end a key, at once and for good; says what it made that lives on')
    .argument('<key>', 'its name, its first characters or its id')
    .option(
      '--with-made',
      'end what it made, too: keys, sessions, links, and all keys of people it let in',
    )
    .option('--yes', 'do not ask')
  withJson(command).action(async (word: string, options: RevokeOptions) => {
    const market = desk.market()
    const hasMade = options.withMade === true
    const all = await market.list<KeyAnswer>('/api/keys')
    const key = pickKey(all, word, hasMade)
    if (options.yes !== true) {
      const reasons = await reasonsToAsk(market, { key, all, hasMade })
      if (reasons.length > 0)
        await confirm(
          desk.terminal,
          `${reasons.join(' ')} Revoke ${key.name} (${key.prefix}…)?`,
          `${reasons.join(' ')} Give --yes to go on without being asked.`,
        )
    }
    const path = `/api/keys/${key.id}${hasMade ? '?with_made=true' : ''}`
    const answer = await market.call<RevokedAnswer>('DELETE', path)
    if (options.json === true) return printJson(desk.terminal, { ...answer, is_revoked: true })
    printLines(
      desk.terminal,
      `Revoked ${key.name} (${key.prefix}…). It opens nothing any more.`,
      ...linesOf(answer, key),
    )
    if (key.is_owner_key)
      desk.terminal.err(
        'This was the owner’s key: the next start of its market issues a new one.\n',
      )
  })
}

/** What it made can be ended after the key itself was. */
function pickKey(all: readonly KeyAnswer[], word: string, hasMade: boolean): KeyAnswer {
  const live = all.filter(({ revoked_at }) => revoked_at === null)
  const fits = (key: KeyAnswer) =>
    [key.id, key.name.toLowerCase(), key.prefix.toLowerCase()].includes(word.toLowerCase())
  return pickOne(hasMade && !live.some(fits) ? all : live, word, {
    noun: 'key',
    listedBy: 'keys',
    namesOf: ({ name, prefix }) => [name, prefix],
    tellApart: ({ prefix, home }) => (home === null ? prefix : `${prefix} of ${home}`),
  })
}

/** Why revoking a key is worth a question; empty: it is not. */
async function reasonsToAsk(
  market: MarketClient,
  { key, all, hasMade }: { key: KeyAnswer; all: readonly KeyAnswer[]; hasMade: boolean },
): Promise<string[]> {
  const me = await market.get<MeAnswer>('/api/me')
  const reasons: string[] = []
  if (me.key?.id === key.id)
    reasons.push('This command itself uses the key: afterwards it needs another, in BAIMO_KEY.')
  else if (isLastOfOwner(key, all)) reasons.push('It is the last key of an owner.')
  if (!hasMade) return reasons
  const made = await market.get<MadeAnswer>(`/api/keys/${key.id}/made`)
  const told = describeMade(made)
  if (told !== null) reasons.push(`It ends what the key made: ${told}.`)
  if (made.keys.some(({ id }) => id === me.key?.id))
    reasons.push('The key that this command uses is one of them.')
  return reasons
}

function isLastOfOwner(key: KeyAnswer, all: readonly KeyAnswer[]): boolean {
  const isOpen = (one: KeyAnswer) => stateOf(one, Date.now()) === 'good'
  if (key.role !== 'owner' || key.person_id === null || !isOpen(key)) return false
  return !all.some((one) => one.id !== key.id && one.person_id === key.person_id && isOpen(one))
}

function linesOf({ made, is_made_revoked: isRevoked }: RevokedAnswer, key: KeyAnswer): string[] {
  const told = describeMade(made)
  if (told === null) return isRevoked ? ['It had made nothing that was still there.'] : []
  if (!isRevoked)
    return [
      `It made what lives on: ${told}.`,
      `If the key leaked, end that too: ${BAIMO} keys revoke ${key.id} --with-made`,
    ]
  const ended = [`Ended with it: ${told}.`]
  if (made.people.length === 0) return ended
  return [
    ...ended,
    `The people cannot get in any more. Let in whom you know with "${BAIMO} link PERSON", remove others with "${BAIMO} people remove PERSON".`,
  ]
}

const MOST_NAMES = 20

/** Such as `2 keys (laptop, bot), 1 person (Ann), 1 open session`; null: nothing. */
export function describeMade(made: MadeAnswer): string | null {
  const parts = [
    named(made.keys, 'key', 'keys'),
    named(made.people, 'person', 'people'),
    counted(made.session_count, 'open session'),
    counted(made.link_count, 'unused link'),
  ].filter((part) => part !== null)
  return parts.length === 0 ? null : parts.join(', ')
}

function named(
  items: readonly { readonly name: string }[],
  one: string,
  several: string,
): string | null {
  if (items.length === 0) return null
  const names = items.slice(0, MOST_NAMES).map(({ name }) => name)
  const rest = items.length - names.length
  const list = [...names, ...(rest > 0 ? [`${rest} more`] : [])].join(', ')
  return `${items.length} ${items.length === 1 ? one : several} (${list})`
}

function counted(count: number, noun: string): string | null {
  return count === 0 ? null : `${count} ${noun}${count === 1 ? '' : 's'}`
}
