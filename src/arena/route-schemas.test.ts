import { expect, test } from 'vitest'
import { battleBody, settingsBody, voteBody } from './route-schemas.ts'

const isGood = (body: object) => battleBody.safeParse(body).success

test('a battle asks one thing: a prompt, a conversation, or the question of an answer', () => {
  const messages = [{ role: 'user', content: 'hi' }]
  expect([{ prompt: 'hi' }, { messages }, { compare: { messages } }].every(isGood)).toBe(true)
  expect(isGood({})).toBe(false)
  expect(isGood({ prompt: 'hi', messages })).toBe(false)
  expect(isGood({ prompt: '  ' })).toBe(false)
  expect(isGood({ messages: [...messages, { role: 'assistant', content: 'x' }] })).toBe(false)
})

test('nothing is kept or shared unless it is said so', () => {
  const none = { prompt: false, answers: false, votes: false }
  expect(battleBody.parse({ prompt: 'hi' }).consent).toEqual(none)
  const asked = battleBody.parse({ prompt: 'hi', consent: { votes: true } })
  expect(asked.consent).toEqual({ ...none, votes: true })
})

test('a vote has one of four choices and reasons of the vocabulary', () => {
  expect(voteBody.parse({ choice: 'tie' }).reasons).toEqual([])
  expect(voteBody.safeParse({ choice: 'c' }).success).toBe(false)
  expect(voteBody.safeParse({ choice: 'a', reasons: ['nice'] }).success).toBe(false)
  expect(voteBody.safeParse({ choice: 'a', comment: 'x'.repeat(501) }).success).toBe(false)
})

test('settings are bounded', () => {
  expect(settingsBody.safeParse({ chat_share: 0, battles_per_day: null }).success).toBe(true)
  expect(settingsBody.safeParse({ chat_share: 1.1 }).success).toBe(false)
  expect(settingsBody.safeParse({ cost_per_day: '-1' }).success).toBe(false)
})
