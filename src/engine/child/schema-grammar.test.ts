import { describe, expect, it } from 'vitest'
import { choiceGrammar, literal, schemaGrammar } from './schema-grammar.ts'

const grammarOf = (schema: Parameters<typeof schemaGrammar>[0]) => schemaGrammar(schema).grammar

describe('grammar of a JSON schema', () => {
  it('writes required members in their order, with commas between', () => {
    const grammar = grammarOf({
      type: 'object',
      properties: { a: { type: 'integer' }, b: { type: 'boolean' } },
      required: ['a', 'b'],
    })
    expect(grammar).toContain('"\\"a\\"" ":" ws integer')
    expect(grammar).toContain('"\\"b\\"" ":" ws boolean')
    expect(grammar).not.toContain('"null"')
  })

  it('lets optional members be left out, first or later, without a stray comma', () => {
    const grammar = grammarOf({
      type: 'object',
      properties: { a: { type: 'integer' }, b: { type: 'integer' } },
      required: ['b'],
    })
    // a, then b after a comma; or b alone.
    expect(grammar).toMatch(/r\d+ ::= r\d+ r\d+ \| r\d+\n/)
  })

  it('spells enums and constants as JSON', () => {
    expect(grammarOf({ enum: ['x"y', 1, null] })).toContain('"\\"x\\\\\\"y\\"" | "1" | "null"')
    expect(grammarOf({ const: { a: 1 } })).toContain('"{\\"a\\":1}"')
  })

  it('follows references, also into themselves', () => {
    const grammar = grammarOf({
      $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } },
      $ref: '#/$defs/node',
    })
    expect(grammar).toMatch(/^root ::= r0\n/)
  })

  it('joins the members of allOf', () => {
    const grammar = grammarOf({
      allOf: [
        { type: 'object', properties: { a: { type: 'null' } }, required: ['a'] },
        { properties: { b: { type: 'null' } }, required: ['b'] },
      ],
    })
    expect(grammar).toContain('"\\"a\\""')
    expect(grammar).toContain('"\\"b\\""')
  })

  it('joins what stands beside a reference with its target, also into itself', () => {
    const grammar = grammarOf({
      $defs: {
        node: {
          type: 'object',
          properties: { next: { $ref: '#/$defs/node', required: ['id'] } },
        },
      },
      $ref: '#/$defs/node',
    })
    expect(grammar).toContain('"\\"id\\"" ":" ws value')
  })

  it('leaves out options and members that contradict what stands beside them', () => {
    const grammar = grammarOf({
      type: 'object',
      properties: { a: { type: 'null' }, never: false },
      anyOf: [{ type: 'string' }, { required: ['a'] }],
    })
    expect(grammar).toContain('"\\"a\\""')
    expect(grammar).not.toMatch(/never|string/)
  })

  it('names keywords of parts that cannot be joined', () => {
    const { ignoredKeywords } = schemaGrammar({
      anyOf: [{ type: 'string', format: 'date' }],
      allOf: [{ anyOf: [{ type: 'string' }] }, { format: 'uuid' }, { format: 'date' }],
    })
    expect(ignoredKeywords).toEqual(['anyOf', 'format'])
  })

  it('refuses in no time what multiplies', () => {
    const many = (count: number, one: object) => Array.from({ length: count }, () => one)
    const parts = many(2, { $ref: '#/$defs/a' })
    const anyOf = many(3_000, { required: ['a'], items: {} })
    const items = { enum: many(20_000, { a: 1 }) }
    for (const schema of [
      { $defs: { a: { allOf: parts } }, $ref: '#/$defs/a', type: 'object' },
      { anyOf: many(500, { anyOf }), oneOf: many(500, { anyOf }), items },
      { enum: [many(20_000, { a: 2 })], items },
    ]) {
      const beganMs = performance.now()
      expect(() => grammarOf(schema as never)).toThrow(/JSON schema cannot be used/)
      expect(performance.now() - beganMs).toBeLessThan(2_000)
    }
  })

  it('names the parameter that holds the schema', () => {
    const options = { isShort: false, param: 'tools[1].function.parameters' }
    expect(() => schemaGrammar({ type: 'float' }, options)).toThrow(
      expect.objectContaining({ param: options.param }),
    )
  })

  it('names keywords that a grammar cannot hold', () => {
    const { ignoredKeywords } = schemaGrammar({
      type: 'object',
      properties: { a: { type: 'string', pattern: '^x', maxLength: 100_000, format: 'email' } },
      description: 'known to be harmless',
    })
    expect(ignoredKeywords).toEqual(['format', 'maxLength', 'pattern'])
  })

  it.each([
    ['an unknown type', { type: 'float' }],
    ['an empty enum', { enum: [] }],
    ['a reference to nowhere', { $ref: '#/$defs/x' }],
    ['a reference out of itself', { $ref: 'http://example.org' }],
    ['bounds that contradict each other', { type: 'string', minLength: 3, maxLength: 2 }],
    ['false', false],
    ['no options', { anyOf: [] }],
    ['no types', { type: [] }],
    ['an enum of another type', { type: 'integer', enum: ['x'] }],
    ['types that contradict each other', { allOf: [{ type: 'string' }, { type: 'integer' }] }],
    ['options that all contradict it', { type: 'object', anyOf: [{ type: 'string' }] }],
    [
      'a required member that it forbids',
      { type: 'object', required: ['a'], properties: { a: false } },
    ],
    [
      'a required member among no others',
      { type: 'object', required: ['z'], additionalProperties: false },
    ],
    ['itself with nothing between', { $ref: '#' }],
    ['itself as an option', { anyOf: [{ type: 'null' }, { $ref: '#' }] }],
    ['itself together with itself', { allOf: [{ $ref: '#' }, { $ref: '#' }] }],
    ['a reference that is no escape', { $ref: '#/%' }],
  ])('refuses %s', (_, schema) => {
    expect(() => schemaGrammar(schema as never)).toThrow(/JSON schema cannot be used/)
  })

  it('refuses what nests too deeply or grows too large', () => {
    let deep: Parameters<typeof schemaGrammar>[0] = { type: 'null' }
    for (let i = 0; i < 100; i++) deep = { type: 'array', items: deep }
    expect(() => schemaGrammar(deep)).toThrow('nests too deeply')
    const properties = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`p${i}`, true]))
    expect(() => schemaGrammar({ type: 'object', properties })).toThrow('too large')
  })

  it('bounds what a schema leaves open where an answer must be short', () => {
    const { grammar } = schemaGrammar({ type: 'string' }, { isShort: true })
    expect(grammar).toContain('char{0,48}')
  })
})

describe('literals', () => {
  it('escapes what would end them', () => {
    expect(literal('a"b\\c\n')).toBe('"a\\"b\\\\c\\n"')
    expect(choiceGrammar(['a', 'b'])).toBe('root ::= "a" | "b"\n')
  })
})
