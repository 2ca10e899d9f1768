import { describe, expect, it } from 'vitest'
import { editDistance, nearestNames } from './nearest-names.ts'

describe('edits between two names', () => {
  it.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['abc', 'abd', 1],
    ['abc', 'ab', 1],
    ['abc', 'xabc', 1],
    ['abcd', 'abdc', 1],
    ['kitten', 'sitting', 3],
  ])('from %j to %j are %i', (from, to, edits) => {
    expect(editDistance(from, to, 9)).toBe(edits)
    expect(editDistance(to, from, 9)).toBe(edits)
  })

  it('are not counted beyond the limit', () => {
    expect(editDistance('aaaaaaaaaa', 'bbbbbbbbbb', 3)).toBe(4)
  })
})

describe('the nearest names', () => {
  const names = ['baimo/abacus-small', 'baimo/abacus-large', 'openai/gpt-4o', 'acme/x']

  it('are found with and without the publisher, best first, three at most', () => {
    expect(nearestNames('abacus-smal', names)).toEqual(['baimo/abacus-small', 'baimo/abacus-large'])
    expect(nearestNames('BAIMO/abakus-large', names)[0]).toBe('baimo/abacus-large')
    expect(nearestNames('gpt4o', names)).toEqual(['openai/gpt-4o'])
    expect(nearestNames('abacus', names)).toHaveLength(2)
    expect(nearestNames('a', ['a1', 'a2', 'a3', 'a4'])).toHaveLength(3)
  })

  it('are none when nothing is near', () => {
    expect(nearestNames('zzzzzz', names)).toEqual([])
  })

  it('are found at once, however long the question', () => {
    const many = Array.from({ length: 2_000 }, (_, i) => `publisher/model-number-${i}`)
    const startedMs = performance.now()
    nearestNames('x'.repeat(100_000), many)
    nearestNames('model-numbr-17', many)
    expect(performance.now() - startedMs).toBeLessThan(1_000)
  })

  it('cost little among very many names, and find the near one there', () => {
    const long = 'a-long-name-'.repeat(9)
    const many = Array.from({ length: 20_000 }, (_, i) => `publisher/${long}${i}`)
    const startedMs = performance.now()
    expect(nearestNames(`publisher/${long.slice(0, -2)}x7`, many)).toHaveLength(3)
    expect(nearestNames('zz-long-nome-'.repeat(9), many)).toEqual([])
    expect(performance.now() - startedMs).toBeLessThan(500)
    expect(nearestNames('acme/xylophone-7', [...many, 'acme/xylophone-7'])).toEqual([
      'acme/xylophone-7',
    ])
  })

  it('are none for what is longer than any name', () => {
    expect(nearestNames('x'.repeat(129), ['x'.repeat(128)])).toEqual([])
  })
})
