import type { PersonAnswer, TeamAnswer } from './answers.ts'
import type { MarketClient } from './client.ts'
import { pickOne } from './pick-one.ts'

/** The person of that name, e-mail or id. */
export async function findPerson(market: MarketClient, word: string): Promise<PersonAnswer> {
  return pickOne(await market.list<PersonAnswer>('/api/people'), word, {
    noun: 'person',
    listedBy: 'people',
    namesOf: ({ name, email }) => [name, email],
  })
}

/** The team of that name or id. */
export async function findTeam(market: MarketClient, word: string): Promise<TeamAnswer> {
  return pickOne(await market.list<TeamAnswer>('/api/teams'), word, {
    noun: 'team',
    listedBy: 'people teams',
    namesOf: ({ name }) => [name],
  })
}
