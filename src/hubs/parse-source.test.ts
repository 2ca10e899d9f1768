import { describe, expect, it } from 'vitest'
import { formatSource, parseSource } from './parse-source.ts'

describe('the source of a model', () => {
  it.each([
    ['hf:acme/lion-GGUF', { hub: 'hf', publisher: 'acme', repo: 'lion-GGUF', wish: null }],
    ['MS:acme/Lion.2:q4_k_m', { hub: 'ms', publisher: 'acme', repo: 'Lion.2', wish: 'q4_k_m' }],
    ['hf:a/b:x/lion 1.gguf', { hub: 'hf', publisher: 'a', repo: 'b', wish: 'x/lion 1.gguf' }],
  ])('reads %s', (text, source) => {
    expect(parseSource(text)).toEqual(source)
    expect(parseSource(formatSource(parseSource(text)))).toEqual(source)
  })

  it.each([
    'hf:lion',
    'hf:a/b/c',
    'xx:a/b',
    'hf:../b',
    'hf:a/..',
    'hf:a/b..c',
    'hf:a/b:',
    'hf:a b/c',
    'hf:a/b?x=1',
    'hf:a/b:x\ny',
    'a/b',
    '',
  ])('refuses %j', (text) => {
    expect(() => parseSource(text)).toThrow(/hf:ORG\/REPO/)
  })
})
