import { describe, expect, it } from 'vitest'
import { parseChat } from './parse-chat.ts'

const chat = (more: object) =>
  parseChat({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...more })

describe('a chat request', () => {
  it('is understood with the defaults of the dialect', () => {
    expect(chat({})).toMatchObject({
      model: 'm',
      history: [{ type: 'user', text: 'Hi' }],
      shape: { kind: 'text' },
      isStream: false,
      hasStreamUsage: false,
      topLogprobs: null,
    })
  })

  it('joins text parts and takes developer for system', () => {
    const content = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ]
    expect(chat({ messages: [{ role: 'developer', content }] }).history).toEqual([
      { type: 'system', text: 'ab' },
    ])
  })

  it('joins the results of tools with the calls they answer', () => {
    const call = (id: string) => ({
      id,
      type: 'function',
      function: { name: `f_${id}`, arguments: '{"x":1}' },
    })
    const { history } = chat({
      messages: [
        { role: 'assistant', content: 'Wait.', tool_calls: [call('a'), call('b')] },
        { role: 'tool', tool_call_id: 'b', content: '{"y":2}' },
        { role: 'tool', tool_call_id: 'a', content: 'plain' },
      ],
    })
    expect(history).toEqual([
      {
        type: 'model',
        response: [
          'Wait.',
          { type: 'functionCall', name: 'f_a', params: { x: 1 }, result: 'plain' },
          { type: 'functionCall', name: 'f_b', params: { x: 1 }, result: { y: 2 } },
        ],
      },
    ])
  })

  it.each([
    [{ messages: [{ role: 'tool', tool_call_id: 'x', content: '1' }] }, 'messages[0]'],
    [{ messages: [{ role: 'assistant', tool_calls: [{}] }] }, 'messages[0]'],
    [{ messages: ['Hi'] }, 'messages[0]'],
    [{ messages: [{ role: 'user', content: 7 }] }, 'messages[0]'],
    [{ model: '' }, 'model'],
    [{ functions: [] }, 'functions'],
    [{ stream: 'yes' }, 'stream'],
    [{ top_logprobs: 1 }, 'top_logprobs'],
    [{ logprobs: true, top_logprobs: 21 }, 'top_logprobs'],
  ])('is refused with the parameter: %j', (more, param) => {
    expect(() => chat(more)).toThrow(expect.objectContaining({ param }))
  })
})
