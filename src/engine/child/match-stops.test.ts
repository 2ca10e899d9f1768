import { describe, expect, it } from 'vitest'
import { matchStops } from './match-stops.ts'

const run = (stops: string[], pieces: string[]) => {
  const matcher = matchStops(stops)
  const shown: string[] = []
  for (const piece of pieces) {
    const { text, isStopped } = matcher.push(piece)
    shown.push(text)
    if (isStopped) return { shown, isStopped }
  }
  return { shown: [...shown, matcher.end()], isStopped: false }
}

describe('stop strings', () => {
  it('shows everything at once where no stop string is near', () => {
    expect(run(['END'], ['Hello ', 'world'])).toEqual({
      shown: ['Hello ', 'world', ''],
      isStopped: false,
    })
  })

  it('holds back what may be the beginning of a stop string and shows it once it is not', () => {
    expect(run(['END'], ['a E', 'N', 'X']).shown).toEqual(['a ', '', 'ENX', ''])
  })

  it('finds a stop string that spans pieces', () => {
    expect(run(['END'], ['a E', 'N', 'D b'])).toEqual({ shown: ['a ', '', ''], isStopped: true })
  })

  it('stops at the first of several', () => {
    expect(run(['b', 'abc'], ['xxabcb']).shown).toEqual(['xx'])
  })

  it('gives what it held back at the end', () => {
    expect(run(['END'], ['tail EN']).shown.join('')).toBe('tail EN')
  })

  it('finds stop strings that repeat themselves', () => {
    expect(run(['aab'], ['aa', 'aab!']).shown.join('')).toBe('aa')
  })
})
