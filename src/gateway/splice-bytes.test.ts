import { describe, expect, it } from 'vitest'
import { AssertionFailure } from '../kernel/index.ts'
import { spliceBytes } from './splice-bytes.ts'

const bytes = Buffer.from('0123456789')

describe('spliceBytes', () => {
  it('gives the very same bytes when nothing is edited', () => {
    expect(spliceBytes(bytes, [])).toBe(bytes)
  })

  it('makes edits given in any order and keeps all other bytes', () => {
    const edited = spliceBytes(bytes, [
      { start: 8, end: 10, text: '' },
      { start: 0, end: 0, text: '你' },
      { start: 3, end: 5, text: 'three-four' },
    ])
    expect(edited.toString()).toBe('你012three-four567')
    expect(bytes.toString()).toBe('0123456789')
  })

  it('makes an insertion where a replacement begins', () => {
    const edits = [
      { start: 2, end: 4, text: 'b' },
      { start: 2, end: 2, text: 'a' },
    ]
    expect(spliceBytes(bytes, edits).toString()).toBe('01ab456789')
  })

  it('refuses edits that overlap', () => {
    const edits = [
      { start: 1, end: 4, text: 'a' },
      { start: 3, end: 5, text: 'b' },
    ]
    expect(() => spliceBytes(bytes, edits)).toThrow(AssertionFailure)
    expect(() => spliceBytes(bytes, [{ start: 3, end: 2, text: '' }])).toThrow(AssertionFailure)
  })
})
