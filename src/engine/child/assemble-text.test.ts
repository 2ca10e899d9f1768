import { describe, expect, it } from 'vitest'
import { assembleText } from './assemble-text.ts'

/** A vocabulary of single bytes, as byte-level tokenizers fall back to. */
const bytewise = () => assembleText((tokens) => Buffer.from(tokens).toString('utf8'))

describe('text out of tokens', () => {
  it('waits for the last byte of a character', () => {
    const text = bytewise()
    const shown = [...Buffer.from('a好🙂')].map((byte) => text.push(byte))
    expect(shown).toEqual(['a', '', '', '好', '', '', '', '🙂'])
  })

  it('does not wait for ever for bytes that never make a character', () => {
    const text = bytewise()
    const shown = [0xff, 0xff, 0xff, 0xff].map((byte) => text.push(byte)).join('')
    expect(shown).toBe('\uFFFD'.repeat(4))
  })

  it('replaces half a character at the end', () => {
    const text = bytewise()
    text.push(0xe5)
    expect(text.end()).toBe('\uFFFD')
  })
})
