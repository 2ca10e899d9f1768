import { expect, test } from 'vitest'
import { claimBoard } from './claim-board.ts'
import { countVotes } from './count-votes.ts'
import { leaderOf, measureInfluence } from './measure-influence.ts'
import { rateBoard } from './rate-board.ts'
import type { VoteRow } from './types-rows.ts'

function vote(rater: string | null, modelA: string, modelB: string): VoteRow {
  return { modelA, modelB, choice: 'a', rater }
}

function boardOf(rows: readonly VoteRow[]) {
  const board = rateBoard(countVotes(rows).votes)
  return { board, claims: claimBoard(board) }
}

test('the leader is the strongest of the largest island', () => {
  const rows = [
    vote(null, 'b', 'a'),
    vote(null, 'b', 'c'),
    vote(null, 'x', 'y'),
    vote(null, 'x', 'y'),
  ]
  expect(leaderOf(boardOf(rows).board.fit)).toBe(1)
})

test('a rater who alone joins two islands is missed by both', () => {
  const rows = [
    ...Array.from({ length: 4 }, () => vote('one', 'a', 'b')),
    ...Array.from({ length: 6 }, () => vote('two', 'b', 'c')),
    ...Array.from({ length: 2 }, () => vote('one', 'c', 'a')),
  ]
  const { board, claims } = boardOf(rows)
  const influences = measureInfluence(board, claims, 5)
  expect(influences.map(({ rater }) => rater).toSorted()).toEqual([0, 1])
  expect(influences.find(({ rater }) => rater === 1)).toMatchObject({ votes: 6, share: 0.5 })
})

test('there are none where raters are unknown or one alone voted', () => {
  for (const rater of [null, 'one']) {
    const { board, claims } = boardOf([vote(rater, 'a', 'b'), vote(rater, 'b', 'a')])
    expect(measureInfluence(board, claims)).toEqual([])
  }
})
