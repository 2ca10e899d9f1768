import { expect, it } from 'vitest'
import { bringsContent } from './brings-content.ts'
import { readAnswerEvent } from './read-answer-event.ts'

const brings = (event: string) => bringsContent(readAnswerEvent(Buffer.from(event), true))
const delta = (value: object, more: object = {}) =>
  `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: value, ...more }] })}\n\n`

it.each([
  ['text', delta({ content: 'x' })],
  ['reasoning', delta({ reasoning_content: 'x' })],
  ['a call', delta({ tool_calls: [{ index: 0, function: { name: 'f' } }] })],
  ['a finish', delta({}, { finish_reason: 'stop' })],
  ['usage', 'data: {"choices":[],"usage":{"prompt_tokens":1}}\n\n'],
  ['an error', 'data: {"error":{"message":"no"}}\n\n'],
  ['a completion’s text', 'data: {"choices":[{"text":"x"}]}\n\n'],
  ['a field that nobody knows', delta({ audio: { data: 'AAAA' } })],
  ['an event of several lines', 'data: {"choices":\ndata: []}\n\n'],
])('an event with %s brings the answer further', (_name, event) => {
  expect(brings(event)).toBe(true)
})

it.each([
  ['a comment', ': keep-alive\n\n'],
  ['a role', delta({ role: 'assistant', content: '' })],
  ['a role and nothing', delta({ role: 'assistant', content: null, tool_calls: [] })],
  ['nothing', delta({})],
  ['empty text', delta({ content: '' }, { finish_reason: null })],
  ['no choice', 'data: {"choices":[]}\n\n'],
  ['no data', 'data: \n\n'],
  ['a ping', 'event: ping\ndata: {"type":"ping"}\n\n'],
])('an event with %s does not', (_name, event) => {
  expect(brings(event)).toBe(false)
})
