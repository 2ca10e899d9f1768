import { expect, it } from 'vitest'
import { readDelta, summarise } from './read-answer.ts'

it('reads text, reasoning, ending and usage of an event, and nothing where nothing is', () => {
  expect(readDelta({ model: 'm', choices: [{ delta: { content: 'a' } }] })).toMatchObject({
    model: 'm',
    text: 'a',
    reasoning: '',
    finishReason: null,
  })
  expect(readDelta({ choices: [{ delta: { reasoning_content: 'hm' } }] }).reasoning).toBe('hm')
  expect(
    readDelta({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } }).usage,
  ).toEqual({ inputTokens: 3, outputTokens: 4 })
  for (const strange of [undefined, null, 7, [], { choices: [null] }, { choices: 'x' }])
    expect(readDelta(strange).text).toBe('')
})

const facts = {
  model: 'baimo/abacus-large',
  usage: { inputTokens: 21, outputTokens: 3 },
  finishReason: 'stop',
  firstMs: 12,
  totalMs: 40,
}

it('says who answered, how much and how long', () => {
  expect(summarise(facts, new Headers(), false)).toBe(
    'baimo/abacus-large · 21 tokens in, 3 out · first after 12 ms · all after 40 ms',
  )
})

it('says that an answer was cut, and that tokens are unknown', () => {
  const cut = { ...facts, usage: null, finishReason: 'length' }
  expect(summarise(cut, new Headers(), false)).toContain('tokens unknown')
  expect(summarise(cut, new Headers(), false)).toContain('cut at the longest answer allowed')
})

it('adds the listing and the request id when asked for more', () => {
  const headers = new Headers({ 'x-baimo-listing': 'L', 'x-request-id': 'R' })
  expect(summarise(facts, headers, true)).toContain('listing L · route unknown')
  expect(summarise(facts, headers, true)).toContain('request-id R')
})
