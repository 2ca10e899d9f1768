import { describe, expect, test } from 'vitest'
import { pairsOf, type Row, rateGolden, ratePairs } from '../../tests/support/rated-board.ts'
import { claimBoard } from './claim-board.ts'
import { askWhoIsBest, askWhoMayRetire } from './list-decisions.ts'

function named(board: ReturnType<typeof ratePairs>) {
  return { board, claims: claimBoard(board) }
}

const lopsided = rateGolden('lopsided').board // 0 is certified over 1 and 2
const noInfants: ReadonlySet<string> = new Set()

describe('who is best', () => {
  test('is certified when the leader is certified over every other model', () => {
    const [decision] = askWhoIsBest(lopsided, claimBoard(lopsided))
    expect(decision).toMatchObject({ leader: 0, status: 'certified', rivals: [], isWhole: true })
    expect(decision?.needed).toEqual({ kind: 'certified' })
  })

  test('names the rivals that are open, hardest first, and what the hardest needs', () => {
    const rows: Row[] = [
      [0, 1, 60, 40, 20],
      [1, 2, 66, 45, 20],
      [0, 2, 58, 38, 17],
    ]
    const { board, claims } = named(ratePairs(pairsOf(3, rows)))
    const [decision] = askWhoIsBest(board, claims)
    expect(decision?.status).toBe('undecided')
    expect(decision?.rivals.map(({ model }) => model)).toEqual([1, 2])
    expect(decision?.needed).toEqual(decision?.rivals[0]?.needed)
    expect(decision?.needed.kind).toBe('votes')
  })

  test('is never settled by votes where matchups differ', () => {
    const { board } = rateGolden('rock_paper_scissors')
    const [decision] = askWhoIsBest(board, claimBoard(board))
    expect(decision?.needed.kind).toBe('never')
  })

  test('is asked of each island apart', () => {
    const board = ratePairs(
      pairsOf(5, [
        [0, 1, 90, 5, 3],
        [2, 3, 10, 9, 2],
      ]),
    )
    const decisions = askWhoIsBest(board, claimBoard(board))
    expect(decisions.map(({ leader, isWhole }) => [leader, isWhole])).toEqual([
      [0, false],
      [2, false],
    ])
  })
})

describe('who may retire', () => {
  const prices = new Map([
    ['a', 1],
    ['b', 1],
    ['c', 2],
  ])

  test('a model that a no-dearer one beats for certain, on all the boards named', () => {
    const decisions = askWhoMayRetire({ boards: [named(lopsided)], prices, inInfancy: noInfants })
    expect(decisions.map(({ model, by, mayPropose }) => [model, by, mayPropose])).toEqual([
      ['a', 'b', false],
      ['b', 'a', true],
      ['c', 'a', true],
    ])
    expect(decisions[1]?.boards[0]?.needed).toEqual({ kind: 'certified' })
  })

  test('not where one of the boards does not certify it', () => {
    const other = ratePairs(
      pairsOf(3, [
        [0, 1, 20, 18, 4],
        [1, 2, 20, 19, 4],
        [0, 2, 21, 18, 4],
      ]),
    )
    const boards = [named(lopsided), named(other)]
    const decision = askWhoMayRetire({ boards, prices, inInfancy: noInfants })[1]
    expect(decision).toMatchObject({ model: 'b', by: 'a', status: 'undecided', mayPropose: false })
    expect(decision?.boards.map(({ status }) => status)).toEqual(['certified', 'undecided'])
  })

  test('never in infancy, and the reason shows', () => {
    const inInfancy = new Set(['b'])
    const decision = askWhoMayRetire({ boards: [named(lopsided)], prices, inInfancy })[1]
    expect(decision).toMatchObject({ status: 'certified', isInInfancy: true, mayPropose: false })
  })

  test('never where no price is known to be no higher', () => {
    const decisions = askWhoMayRetire({
      boards: [named(lopsided)],
      prices: new Map([
        ['a', 5],
        ['b', 1],
        ['c', null],
      ]),
      inInfancy: noInfants,
    })
    expect(decisions.map(({ by, status }) => [by, status])).toEqual([
      ['b', 'undecided'],
      [null, 'undecided'],
      [null, 'undecided'],
    ])
  })
})
