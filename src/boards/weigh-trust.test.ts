import { expect, it } from 'vitest'
import { type CountRow, claimBoard, countRows, rateBoard } from '../ratings/index.ts'
import { noTrust } from './types-trust.ts'
import { type TrustMeans, weighTrust } from './weigh-trust.ts'

/** Twelve raters: a is far better than b and c, which are alike. */
function rate() {
  const rows: CountRow[] = []
  const row = (modelA: string, modelB: string, [aWins, bWins]: [number, number], at: number) =>
    rows.push({ modelA, modelB, aWins, bWins, ties: 0, bothBad: 0, rater: `r${at}` })
  for (let at = 0; at < 12; at += 1) {
    row('a', 'b', [18, 2], at)
    row('a', 'c', [18, 2], at)
    row('b', 'c', [10, 10], at)
  }
  return rateBoard(countRows(rows).votes)
}

const prices = new Map([
  ['a', 1],
  ['b', 2],
  ['c', null],
])
const board = rate()
const claims = claimBoard(board)
const means: TrustMeans = {
  ...{ drift: [], driftMostVotes: 100, controls: noTrust.controls, prices },
  retired: new Set(),
}

it('asks whom a no-dearer model may replace, where prices are known', () => {
  const { retirements } = weighTrust(board, claims, means)
  expect(retirements).toEqual([
    { model: 'b', by: 'a', status: 'certified', needed: { kind: 'certified' } },
  ])
  expect(weighTrust(board, claims, { ...means, retired: new Set(['a']) }).retirements).toEqual([])
})

it('shows the pairs that fit worst, and the board without its weightiest raters', () => {
  const { residuals, influences } = weighTrust(board, claims, means)
  expect(residuals.every(({ first }) => ['a', 'b', 'c'].includes(first))).toBe(true)
  expect(influences).toHaveLength(3)
  expect(influences?.[0]).toMatchObject({ leader: 'a', leaderWithout: 'a' })
})
