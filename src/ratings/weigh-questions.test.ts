import { expect, test } from 'vitest'
import { rateGolden } from '../../tests/support/rated-board.ts'
import { claimBoard } from './claim-board.ts'
import type { PairAim } from './types-pairs.ts'
import { weighQuestions } from './weigh-questions.ts'

const { board } = rateGolden('small_x12') // 0 > 3 is certified
const claims = claimBoard(board)
const all = [
  [0, 1],
  [0, 2],
  [0, 3],
  [1, 2],
  [1, 3],
  [2, 3],
] as const

function asked(aim: PairAim, pairs: readonly (readonly [number, number])[] = all): string[] {
  const { first, second, weight } = weighQuestions({ fit: board.fit, claims, pairs, aim })
  return [...weight].map((value, index) => `${first[index]}-${second[index]} ${value}`)
}

test('certified pairs are no longer asked, the others alike', () => {
  expect(asked({ kind: 'order' })).toEqual(['0-1 1', '0-2 1', '1-2 1', '1-3 1', '2-3 1'])
})

test("the leader's open pairs weigh 30 more when the question is who is best", () => {
  expect(asked({ kind: 'best' })).toEqual(['0-1 31', '0-2 31', '1-2 1', '1-3 1', '2-3 1'])
})

test('nothing is asked about models that may not be drawn', () => {
  expect(asked({ kind: 'order' }, [[1, 2]])).toEqual(['1-2 1'])
})

test('each model and its likeliest dominator are asked unless that is certified', () => {
  const aim = { kind: 'retirement', prices: [1, 1, 1, 2] } as const
  expect(asked(aim)).toEqual(['1-0 1', '0-1 1', '0-2 1'])
})
