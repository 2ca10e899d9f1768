import { describe, expect, it } from 'vitest'
import { parseOutputShape } from './parse-output-shape.ts'

const tool = (name: string) => ({ type: 'function', function: { name } })
const schema = { type: 'object' }
const format = { type: 'json_schema', json_schema: { name: 'x', schema } }

describe('the form of an answer', () => {
  it.each([
    [{}, 'text'],
    [{ response_format: { type: 'text' } }, 'text'],
    [{ response_format: { type: 'json_object' } }, 'json'],
    [{ response_format: format }, 'schema'],
    [{ tools: [tool('a')] }, 'maybe-call'],
    [{ tools: [tool('a')], tool_choice: 'none' }, 'text'],
    [{ tools: [tool('a')], tool_choice: 'required' }, 'call'],
    [{ tools: [tool('a')], response_format: format }, 'schema'],
    [{ tools: [] }, 'text'],
  ])('follows from %j', (body, kind) => {
    expect(parseOutputShape(body).kind).toBe(kind)
  })

  it('is one call where a function is named', () => {
    const shape = parseOutputShape({ tools: [tool('a'), tool('b')], tool_choice: tool('b') })
    expect(shape).toMatchObject({ kind: 'call', tools: [{ name: 'b' }] })
  })

  it.each([
    [{ tools: 'a' }, 'tools'],
    [{ tools: [{ type: 'search' }] }, 'tools[0]'],
    [{ tools: [tool('a b')] }, 'tools[0]'],
    [{ tools: [tool('a')], tool_choice: 'some' }, 'tool_choice'],
    [{ tool_choice: 'required' }, 'tool_choice'],
    [{ response_format: { type: 'json_schema' } }, 'response_format'],
    [{ response_format: { type: 'xml' } }, 'response_format'],
  ])('is refused where it makes no sense: %j', (body, param) => {
    expect(() => parseOutputShape(body)).toThrow(expect.objectContaining({ param }))
  })
})
