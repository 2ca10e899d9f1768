import { expect, test } from 'vitest'
import { goldenVerdict } from '../../tests/support/golden-verdict.ts'
import { rateGolden } from '../../tests/support/rated-board.ts'
import { claimBoard } from './claim-board.ts'
import { findDominated, isInInfancy } from './find-dominated.ts'

test.each(goldenVerdict.retirement)(
  'on $board with prices $price the golden models are dominated',
  (golden) => {
    const { board } = rateGolden(golden.board)
    const found = findDominated(claimBoard(board), golden.price)
    const n = golden.price.length
    const family = [...found.logE.entries()].filter(([, value]) => !Number.isNaN(value))
    expect(family.map(([index]) => [Math.floor(index / n), index % n])).toEqual(golden.family)
    expect(found.threshold / golden.threshold).toBeCloseTo(1, 7)
    expect(found.dominations.map(({ by, dominated }) => [dominated, by])).toEqual(
      golden.dominated_by,
    )
  },
)

test('a model of unknown price dominates nobody and is dominated by nobody', () => {
  const { board } = rateGolden('lopsided')
  const claims = claimBoard(board)
  const pairs = (prices: (number | null)[]) =>
    findDominated(claims, prices).dominations.map(({ by, dominated }) => [by, dominated])
  expect(pairs([1, 1, 2])).toEqual([
    [0, 1],
    [0, 2],
  ])
  expect(pairs([1, null, 2])).toEqual([[0, 2]])
  expect(pairs([null, 1, 2])).toEqual([])
  expect(pairs([0, null, null])).toEqual([])
  expect(pairs([3, 1, 2])).toEqual([])
})

test('while raters bar the board nobody is dominated', () => {
  const { board } = rateGolden('lopsided')
  const claims = claimBoard(board)
  const rules = { ...claims.rules, bar: 'too_few_raters' as const }
  expect(findDominated({ ...claims, rules }, [1, 1, 1]).dominations).toEqual([])
})

test('infancy ends when every bound that is on is reached', () => {
  expect(isInInfancy({ information: 59, ageDays: 100 })).toBe(true)
  expect(isInInfancy({ information: 60, ageDays: 13 })).toBe(true)
  expect(isInInfancy({ information: 60, ageDays: 14 })).toBe(false)
  const byVotes = { leastInformation: 60, leastDays: null }
  expect(isInInfancy({ information: 60, ageDays: 0 }, byVotes)).toBe(false)
  const off = { leastInformation: null, leastDays: null }
  expect(isInInfancy({ information: 0, ageDays: 0 }, off)).toBe(false)
})
