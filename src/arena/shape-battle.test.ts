import { expect, test } from 'vitest'
import { newId } from '../kernel/index.ts'
import { type BattleView, shapeBattle, shapeListed } from './shape-battle.ts'
import type { Battle, BattleAnswer } from './types.ts'

const models = [newId<'model'>(), newId<'model'>()] as const
const battle: Battle = {
  ...{ id: newId<'battle'>(), organisationId: newId<'organisation'>() },
  ...{ subjectId: newId<'subject'>(), league: 'models', kind: 'control', state: 'open' },
  ...{ models, drawProbability: 0.37, draws: 2, maxTokens: null, turn: 1 },
  consent: { prompt: true, answers: false, votes: false },
  ...{ runningUntil: null, createdAt: new Date(0), openedAt: new Date(1), votedAt: null },
  ...{ voidedAt: null, voidCode: null, vote: null },
}
const answer: BattleAnswer = {
  ...{ turn: 1, side: 'a', usageId: newId<'request'>(), variantId: newId<'variant'>() },
  ...{ listingId: newId<'listing'>(), outcome: 'answered', finishReason: 'length' },
  ...{ text: 'hello', characters: 5 },
}
const view: BattleView = {
  ...{ battle, answers: [answer], reveal: null, texts: new Map([[1, ['hel', 'wor']]]) },
  turns: [{ turn: 1, messages: [{ role: 'user', content: 'hi' }] }],
}

test('before the reveal nothing tells who answers, nor that it is a control', () => {
  const json = JSON.stringify([shapeBattle(view), shapeListed(battle)])
  const { usageId, variantId, listingId } = answer
  for (const hidden of [...models, usageId, variantId, listingId, 'length', 'control', '0.37'])
    expect(json).not.toContain(hidden)
  expect(shapeBattle(view)).toMatchObject({
    ...{ kind: 'battle', reveal: null },
    turns: [{ turn: 1, a: { text: 'hel', is_whole: true }, b: { text: 'wor', is_whole: false } }],
  })
})

test('after the vote all is told', () => {
  const side = {
    ...{ model: 'k/m', provider: 'p', listingId: null, variantId: null, cost: {} },
    ...{ totalMs: 5, tokens: { input: 1, output: 2 } },
  }
  const vote = {
    choice: 'tie' as const,
    reasons: [],
    comment: null,
    shown: [3, 4] as const,
    voteId: null,
  }
  const voted: Battle = { ...battle, state: 'voted', votedAt: new Date(5), vote }
  expect(shapeBattle({ ...view, battle: voted, reveal: [side, side] })).toMatchObject({
    ...{ kind: 'control', draw_probability: 0.37, reveal: { a: { model: 'k/m', total_ms: 5 } } },
    vote: { choice: 'tie', shown_characters: { a: 3, b: 4 } },
  })
})
