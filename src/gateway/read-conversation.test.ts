import { describe, expect, it } from 'vitest'
import { readConversation } from './read-conversation.ts'
import { readEnvelope } from './read-envelope.ts'

function read(messages: unknown, more: object = {}) {
  const body = Buffer.from(JSON.stringify({ ...more, model: 'auto', messages }))
  const reading = readEnvelope(body, 'chat')
  if (reading.kind === 'fault') throw new Error(reading.message)
  return readConversation(body, reading.envelope.inputMember)
}

const user = (content: unknown) => ({ role: 'user', content })
const system = { role: 'system', content: 'Be "brief", [please] {now}.' }
const answer = { role: 'assistant', content: 'Yes, \\" it is ] }.' }

describe('readConversation', () => {
  it('finds the last message of the user, and how the conversation began', () => {
    expect(read([system, user('one'), answer, user('two\n"quoted" 你好')])).toEqual({
      asked: 'two\n"quoted" 你好',
      beginning: 'system:Be "brief", [please] {now}.\nuser:one',
    })
  })

  it('knows a conversation again when it has grown', () => {
    const one = read([system, user('one')])
    const grown = read([system, user('one'), answer, user('more')])
    expect(grown.beginning).toBe(one.beginning)
    expect(read([system, user('other')]).beginning).not.toBe(one.beginning)
  })

  it('takes the text out of parts, and a tool message for nobody’s', () => {
    const parts = [
      { type: 'text', text: 'what is this?' },
      { type: 'image_url', image_url: { url: 'data:…' } },
    ]
    const tool = { role: 'tool', tool_call_id: '1', content: 'found' }
    expect(read([user(parts), answer, tool]).asked).toBe('what is this?')
  })

  it('says that nothing is known of what is no message, and of what is too long', () => {
    const nothing = { asked: null, beginning: null }
    expect(read([1, 'two', null])).toEqual(nothing)
    expect(read([system, answer])).toEqual(nothing)
    expect(read([user('x'.repeat(70_000))])).toEqual(nothing)
    const long = [user('first'), ...Array.from({ length: 30 }, () => user('y'.repeat(50_000)))]
    expect(read(long)).toEqual({ asked: null, beginning: 'user:first' })
  })

  it('reads at most the first 4,000 characters of what was asked', () => {
    expect(read([user('z'.repeat(9_000))]).asked).toHaveLength(4_000)
  })
})
