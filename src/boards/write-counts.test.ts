import { expect, it } from 'vitest'
import { readVoteFile } from '../ratings/index.ts'
import { type CountLine, joinLines, pseudonymOf, writeCounts } from './write-counts.ts'

const line = (a: string, b: string, rater: string | null = null): CountLine => ({
  ...{ a, b, rater },
  counts: [3, 2, 1, 0],
})

it.each(['x, y', 'say "hi"', 'two\nlines', '模型 🚀'])(
  'writes names that the library reads back: %j',
  (name) => {
    const file = readVoteFile(writeCounts([line(name, 'other', 'r1')], ['title\nof a board']))
    expect(file.rows[0]).toMatchObject({ modelA: name, modelB: 'other', rater: 'r1', aWins: 3 })
  },
)

it('joins models that became one, and turns pairs to one order', () => {
  const joined = joinLines([line('b', 'a'), line('a', 'b'), line('a', 'a')])
  expect(joined).toEqual([{ a: 'a', b: 'b', rater: null, counts: [5, 5, 2, 0] }])
})

it('calls a rater the same on one board, and otherwise elsewhere', () => {
  expect(pseudonymOf(7, 'salt')).toBe(pseudonymOf('7', 'salt'))
  expect(pseudonymOf(7, 'other')).not.toBe(pseudonymOf(7, 'salt'))
})
