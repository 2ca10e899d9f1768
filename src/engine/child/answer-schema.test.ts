import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, openTestEngine, type TestEngine } from '../../../tests/support/engine.ts'

let t: TestEngine
beforeAll(async () => {
  t = await openTestEngine({ threads: 1 })
})
afterAll(() => t?.close())
const chat = (body: unknown) => t.post('/v1/chat/completions', body)
const sum = { type: 'function', function: { name: 'sum', parameters: { type: 'object' } } }

describe('an answer by a JSON schema', () => {
  const properties = { a: { type: 'integer' }, b: { type: 'boolean' } }
  const target = { type: 'object', properties: { p: { type: 'null' } } }
  it.each([
    ['required names without properties', { type: 'object', required: ['zz'] }, ['zz']],
    ['required names beside properties', { properties, required: ['a', 'zz'] }, ['a', 'zz']],
    [
      'options beside a type',
      { type: 'object', properties, required: ['a'], anyOf: [{ type: 'string' }, {}] },
      ['a'],
    ],
    ['options of required names', { properties, anyOf: [{ required: ['b'] }] }, ['b']],
    [
      'what stands beside a reference',
      {
        $defs: { o: target },
        $ref: '#/$defs/o',
        required: ['q'],
        properties: { q: { type: 'null' } },
      },
      ['q'],
    ],
    ['minItems beyond a prefix', { prefixItems: [{ type: 'integer' }], minItems: 3 }, ['1', '2']],
  ])('keeps to %s', async (_, schema, names) => {
    for (const seed of [1, 2]) {
      const format = { type: 'json_schema', json_schema: { name: 'x', schema } }
      const answer = await chat(ask('Hi', { response_format: format, temperature: 1, seed }))
      const json = JSON.parse(answer.json().choices[0].message.content)
      expect(Object.keys(json)).toEqual(expect.arrayContaining(names))
      expect(answer.headers['x-baimo-schema']).toBeUndefined()
    }
  })

  it.each([
    ['no options', { anyOf: [] }],
    ['no types', { type: [] }],
    ['nothing fits', { type: 'integer', enum: ['x'] }],
    ['it begins with itself', { $ref: '#' }],
  ])('refuses a schema with 400 where %s, and says where it stands', async (_, schema) => {
    const format = { type: 'json_schema', json_schema: { name: 'x', schema } }
    const wrong = { type: 'function', function: { name: 'wrong', parameters: schema } }
    const choice = { type: 'function', function: { name: 'wrong' } }
    for (const [body, param] of [
      [{ response_format: format }, 'response_format'],
      [{ tools: [sum, wrong], tool_choice: choice }, 'tools[1].function.parameters'],
    ] as const) {
      const answer = await chat(ask('Hi', body))
      expect(answer.status).toBe(400)
      expect(answer.json().error).toMatchObject({ param })
    }
  })

  it('says in a header which keywords of a schema had no effect', async () => {
    const schema = { type: 'string', maxLength: 5, pattern: '^a' }
    const format = { type: 'json_schema', json_schema: { name: 'x', schema } }
    expect((await chat(ask('Hi', { response_format: format }))).headers['x-baimo-schema']).toBe(
      'ignored pattern',
    )
  })
})
