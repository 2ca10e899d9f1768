import { describe, expect, it } from 'vitest'
import { streamChat, type Wire, wholeChat } from './chat-writer.ts'

const identity = { id: 'chatcmpl-1', createdSeconds: 1, model: 'm', fingerprint: 'f' }
const usage = { promptTokens: 3, completionTokens: 2, cachedTokens: 1 }

function record() {
  const written: string[] = []
  const heads: [number, Readonly<Record<string, string>>][] = []
  const wire: Wire = {
    head: (status, headers) => void heads.push([status, headers]),
    write: (text) => void written.push(text),
    end: (text) => void written.push(text ?? ''),
  }
  return { wire, heads, written, events: () => written.map((w) => w.trim().slice(6)) }
}

describe('a streamed answer', () => {
  it('has usage only where asked for', () => {
    for (const hasUsage of [true, false]) {
      const out = record()
      const writer = streamChat(out.wire, identity, hasUsage)
      writer.begin({ 'x-a': 'b' }, false)
      writer.text('Hi', null)
      writer.end('stop', usage)
      const events = out.events()
      expect(events.at(-1)).toBe('[DONE]')
      expect(events.some((e) => e.includes('"usage"'))).toBe(hasUsage)
      expect(out.heads[0]?.[1]).toMatchObject({ 'x-a': 'b' })
    }
  })

  it('shows a call as id and name first, then arguments', () => {
    const out = record()
    const writer = streamChat(out.wire, identity, false)
    writer.begin({}, true)
    writer.callStart('call_1', 'sum')
    writer.callArguments('{}')
    writer.end('tool_calls', usage)
    const deltas = out
      .events()
      .slice(0, -1)
      .map((e) => JSON.parse(e).choices[0].delta)
    expect(deltas).toEqual([
      { role: 'assistant', content: null },
      {
        tool_calls: [
          { index: 0, id: 'call_1', type: 'function', function: { name: 'sum', arguments: '' } },
        ],
      },
      { tool_calls: [{ index: 0, function: { arguments: '{}' } }] },
      {},
    ])
  })
})

describe('a whole answer', () => {
  it('is written once, at its end, with thoughts apart', () => {
    const out = record()
    const writer = wholeChat(out.wire, identity)
    writer.begin({}, false)
    writer.reasoning('hm', null)
    writer.text('4', null)
    writer.text('2', null)
    expect(out.written).toEqual([])
    writer.end('stop', usage)
    const json = JSON.parse(out.written.join(''))
    expect(json.choices[0].message).toEqual({
      role: 'assistant',
      content: '42',
      refusal: null,
      reasoning_content: 'hm',
    })
    expect(json.usage).toEqual({
      prompt_tokens: 3,
      completion_tokens: 2,
      total_tokens: 5,
      prompt_tokens_details: { cached_tokens: 1 },
    })
  })
})
