import { describe, expect, it } from 'vitest'
import { readAnswerEvent, statusOfErrorEvent } from './read-answer-event.ts'

function read(data: string, stripsUsage = true) {
  return readAnswerEvent(Buffer.from(`data: ${data}\n\n`), stripsUsage)
}

/** The data that is passed on. */
function passed(data: string, stripsUsage = true): string {
  const text = read(data, stripsUsage).bytes.toString()
  return text.slice('data: '.length, -'\n\n'.length)
}

const PART = '{"id":"c","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}'

describe('readAnswerEvent', () => {
  it('passes a part of the answer on as the very same bytes', () => {
    const event = Buffer.from(`event: message\r\nid: 3\r\ndata: ${PART}\r\n\r\n`)
    const read = readAnswerEvent(event, true)
    expect(read).toMatchObject({ kind: 'part', usage: null, error: null, isFinish: false })
    expect(read.bytes).toBe(event)
  })

  it.each(['data: [DONE]\n\n', 'data:[DONE]\n\n', 'data: [DONE]\r\n\r\n', 'data: [DONE] '])(
    'knows %j as the end',
    (event) => {
      expect(readAnswerEvent(Buffer.from(event), true).kind).toBe('done')
    },
  )

  it('does not take [DONE] within an answer for the end', () => {
    expect(read('{"choices":[{"delta":{"content":"[DONE]"}}]}').kind).toBe('part')
  })

  it.each([': keep-alive\n\n', 'retry: 10\n\n', '\n'])('calls %j a note', (event) => {
    expect(readAnswerEvent(Buffer.from(event), true).kind).toBe('note')
  })

  it.each([
    ['last', '{"id":"c","choices":[1],"usage":null}', '{"id":"c","choices":[1]}'],
    ['first', '{"usage":null,"choices":[1]}', '{"choices":[1]}'],
    ['in the middle', '{"id":"c","usage":null,"choices":[1]}', '{"id":"c","choices":[1]}'],
    ['alone', '{"usage":null}', '{}'],
    ['with space', '{"id":"c" , "usage" : null , "x":1}', '{"id":"c" ,  "x":1}'],
    ['last with space', '{"id":"c" , "usage" : null }', '{"id":"c" }'],
  ])('cuts an unasked usage: null out, %s, and nothing else', (_name, data, rest) => {
    expect(passed(data)).toBe(rest)
    expect(JSON.parse(passed(data)).usage).toBeUndefined()
    expect(passed(data, false)).toBe(data)
  })

  it('cuts it out of an event with other lines and line ends', () => {
    const event = 'event: message\r\ndata:{"a":1,"usage":null}\r\n\r\n'
    const { bytes } = readAnswerEvent(Buffer.from(event), true)
    expect(bytes.toString()).toBe('event: message\r\ndata:{"a":1}\r\n\r\n')
  })

  it('leaves a null usage alone that is not the event’s own', () => {
    const data = '{"choices":[{"usage":null,"delta":{"content":"\\"usage\\":null"}}]}'
    expect(passed(data)).toBe(data)
  })

  it('knows the chunk that holds usage and no choices', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2 }
    for (const choices of ['"choices":[],', '"choices":null,', '']) {
      const event = read(`{"id":"c",${choices}"usage":${JSON.stringify(usage)}}`)
      expect(event).toMatchObject({ kind: 'usage', usage })
    }
  })

  it('takes usage in a chunk with choices as a part, and reads it', () => {
    const data = '{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}'
    expect(read(data)).toMatchObject({ kind: 'part', usage: { prompt_tokens: 1 }, isFinish: true })
    expect(passed(data)).toBe(data)
  })

  it('does not mistake text about usage and errors for them', () => {
    const content = JSON.stringify('{"usage":{"prompt_tokens":9},"error":{"message":"x"}}')
    const data = `{"choices":[{"delta":{"content":${content}}}]}`
    expect(read(data)).toMatchObject({ kind: 'part', usage: null, error: null })
    const tool = `{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":${content}}}]}}]}`
    expect(read(tool)).toMatchObject({ kind: 'part', usage: null, error: null })
    const nested = '{"choices":[{"delta":{"x":{"usage":{"a":1},"error":{"message":"x"}}}}]}'
    expect(read(nested)).toMatchObject({ kind: 'part', usage: null, error: null })
  })

  it('passes an event on that it cannot read', () => {
    for (const data of ['{"usage":', 'not json "usage"', '"usage"', '["error"]', '']) {
      expect(read(data), data).toMatchObject({ kind: 'part', usage: null, error: null })
      expect(passed(data)).toBe(data)
    }
  })

  it('knows an error, also as older vLLM servers send it', () => {
    expect(read('{"error":{"message":"m","code":503}}')).toMatchObject({
      kind: 'error',
      error: { message: 'm', code: 503 },
    })
    expect(read('{"id":"c","choices":[],"error":"text"}')).toMatchObject({ kind: 'error' })
    expect(read('{"object":"error","message":"m","code":400}')).toMatchObject({
      kind: 'error',
      error: { message: 'm', code: 400 },
    })
    expect(read('{"choices":[],"error":null}').kind).toBe('part')
  })

  it.each([
    ['{"choices":[{"delta":{},"finish_reason":"stop"}]}', true],
    ['{"choices":[{"delta":{},"finish_reason" : "tool_calls"}]}', true],
    ['{"choices":[{"finish_reason":null},{"finish_reason":"length"}]}', true],
    ['{"choices":[{"finish_reason":null}]}', false],
    [`{"choices":[{"delta":{"content":${JSON.stringify('"finish_reason":"stop"')}}}]}`, false],
  ])('sees in %s whether a choice ends: %s', (data, isFinish) => {
    expect(read(data).isFinish).toBe(isFinish)
  })

  it.each([
    ['{"choices":[{"delta":{"content":"hello"}}]}', 5],
    ['{"choices":[{"delta":{"content": "a\\"b"}}]}', 4],
    ['{"choices":[{"delta":{"content":"a\\\\"},"x":"yyyy"}]}', 3],
    ['{"choices":[{"delta":{"content":""}}]}', 0],
    ['{"choices":[{"delta":{"content":null},"x":"yyyy"}]}', 0],
    ['{"choices":[{"delta":{"reasoning_content":"think"}}]}', 5],
    ['{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"{}"}}]}}]}', 2],
    ['{"choices":[{"text":"abc"}]}', 3],
    ['{"choices":[{"delta":{"content":"ab"}},{"delta":{"content":"cde"}}]}', 5],
    ['{"choices":[{"delta":{"role":"content"},"x":"yyyy"}]}', 0],
    ['{"choices":[{"delta":{"role":"assistant"}}]}', 0],
    ['{"choices":[{"delta":{"content":"never closed', 0],
  ])('counts the text that %s adds', (data, textBytes) => {
    expect(read(data).textBytes).toBe(textBytes)
  })
})

describe('statusOfErrorEvent', () => {
  it.each([
    [{ code: 429 }, 429],
    [{ code: '503' }, 503],
    [{ status: 400 }, 400],
    [{ code: 'overloaded', status_code: 529 }, 529],
    [{ code: 200 }, 502],
    [{ code: 600 }, 502],
    [{ code: null }, 502],
    ['text', 502],
  ])('reads %j as %i', (error, status) => {
    expect(statusOfErrorEvent(error)).toBe(status)
  })
})
