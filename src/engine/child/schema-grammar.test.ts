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
