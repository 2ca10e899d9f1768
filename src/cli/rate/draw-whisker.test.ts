import { expect, test } from 'vitest'
import { drawWhisker, scaleOf } from './draw-whisker.ts'
import type { BoardRow } from './report.ts'

function row(rating: number | null, low: number | null, high: number | null): BoardRow {
  const rest = { model: 'm', se: 1, votes: 1, rank_low: 1, rank_high: 1, tier: 1 }
  return { ...rest, rating, low, high }
}

test('whiskers share a scale that shows every rating', () => {
  const board = [row(1100, 1050, 1150), row(900, 850, 950), row(null, null, null)]
  const scale = scaleOf(board, 31)
  expect(scale).toMatchObject({ low: 850, high: 1150, title: `850${' '.repeat(24)}1150` })
  if (scale === null) return
  expect(drawWhisker(board[0] ?? row(0, 0, 0), scale)).toBe(`${' '.repeat(20)}├────●────┤`)
  expect(drawWhisker(board[1] ?? row(0, 0, 0), scale)).toBe('├────●────┤')
  expect(drawWhisker(board[2] ?? row(0, 0, 0), scale)).toBe('')
})

test('an interval that goes on beyond the scale ends in arrows', () => {
  const board = [row(1000, 200, 1900)]
  const scale = scaleOf(board, 21)
  expect(scale).toMatchObject({ low: 900, high: 1100 })
  if (scale !== null)
    expect(drawWhisker(row(1000, 200, 1900), scale)).toBe(`←${'─'.repeat(9)}●${'─'.repeat(9)}→`)
})

test('there is no scale without ratings', () => {
  expect(scaleOf([row(null, null, null)], 21)).toBeNull()
})
