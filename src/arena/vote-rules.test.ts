import { expect, test } from 'vitest'
import { newId, Refusal } from '../kernel/index.ts'
import { type Battle, DEFAULT_ARENA } from './types.ts'
import { isLost, refuseRate, refuseTurn, refuseVote, VOTABLE_MS } from './vote-rules.ts'

const NOW = 1_800_000_000_000
const battle: Battle = {
  ...{ id: newId<'battle'>(), organisationId: newId<'organisation'>() },
  ...{ subjectId: newId<'subject'>(), league: 'models', kind: 'battle', state: 'open' },
  ...{ models: null, drawProbability: null, draws: 1, maxTokens: null, turn: 1 },
  consent: { prompt: false, answers: false, votes: false },
  ...{ runningUntil: null, createdAt: new Date(NOW - 1_000), openedAt: new Date(NOW) },
  ...{ votedAt: null, voidedAt: null, voidCode: null, vote: null },
}
const codeOf = (error: Error | null) => (error instanceof Refusal ? error.code : null)
const vote = (change: Partial<Battle>, nowMs = NOW) =>
  codeOf(refuseVote({ ...battle, ...change }, nowMs))
const turn = (change: Partial<Battle>) => codeOf(refuseTurn({ ...battle, ...change }, NOW))

test('a vote is for open battles of the last 24 hours', () => {
  expect(vote({})).toBe(null)
  expect(vote({ state: 'answering' })).toBe('arena_battle_not_open')
  expect(vote({ state: 'voided' })).toBe('arena_battle_voided')
  expect(vote({ state: 'voted' })).toBe('arena_vote_exists')
  expect(vote({}, NOW + VOTABLE_MS)).toBe('arena_battle_expired')
  expect(vote({ runningUntil: new Date(NOW + 1) })).toBe(null)
})

test('a turn begins when the one before is over, up to twenty', () => {
  expect(turn({})).toBe(null)
  expect(turn({ runningUntil: new Date(NOW + 1) })).toBe('arena_turn_running')
  expect(turn({ turn: 20 })).toBe('arena_turns_too_many')
  expect(turn({ state: 'voted' })).toBe('arena_vote_exists')
})

test('a person votes as often as the owner lets them', () => {
  const rate = (minute: number, day: number) => codeOf(refuseRate({ minute, day }, DEFAULT_ARENA))
  expect([rate(19, 499), rate(20, 20), rate(0, 500)]).toEqual([
    null,
    ...['arena_votes_too_many', 'arena_votes_too_many'],
  ])
})

test('a battle is lost when its process has long said nothing', () => {
  const past = new Date(NOW - 1)
  expect(isLost({ ...battle, state: 'answering', runningUntil: past }, NOW)).toBe(true)
  expect(isLost({ ...battle, runningUntil: null }, NOW)).toBe(false)
  expect(isLost({ ...battle, state: 'voted', runningUntil: past }, NOW)).toBe(false)
})
