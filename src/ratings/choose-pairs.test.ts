import { expect, test } from 'vitest'
import { goldenVerdict } from '../../tests/support/golden-verdict.ts'
import { pairsOf, randomRows, rateGolden, ratePairs } from '../../tests/support/rated-board.ts'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { choosePairs, drawPair } from './choose-pairs.ts'
import { claimBoard } from './claim-board.ts'
import type { PairOptions } from './types-pairs.ts'

function planOf(board: ReturnType<typeof ratePairs>, options?: PairOptions) {
  return choosePairs(board, claimBoard(board), options)
}

test.each(Object.keys(goldenVerdict.boards))(
  'pairs of the golden board %s have the golden chances',
  (name) => {
    const { golden, board } = rateGolden(name)
    const { first, second, probability } = planOf(board)
    const pairs = [...first].map((a, index) => [a, second[index]])
    expect(pairs).toEqual(pairs.toSorted((one, other) => (one[0] ?? 0) - (other[0] ?? 0)))
    expect(probability.length).toBe(golden.next_pair_probability.length)
    for (const [index, wanted] of golden.next_pair_probability.entries())
      expect(probability[index]).toBeCloseTo(wanted, 7)
  },
)

test('while islands can be joined, only pairs that join them are drawn, all alike', () => {
  const board = ratePairs(
    pairsOf(5, [
      [0, 1, 9, 5, 3],
      [2, 3, 8, 9, 2],
    ]),
  )
  const { first, second, probability } = planOf(board)
  const pairs = [...first].map((a, index) => `${a}${second[index]}`)
  expect(pairs).toEqual(['02', '03', '04', '12', '13', '14', '24', '34'])
  expect([...probability]).toEqual(new Array(8).fill(1 / 8))
})

test('islands that may not be joined are drawn within', () => {
  const board = ratePairs(
    pairsOf(4, [
      [0, 1, 9, 5, 3],
      [2, 3, 8, 9, 2],
    ]),
  )
  const mayMeet = (a: number, b: number) => a < 2 === b < 2
  const { first, second } = planOf(board, { mayMeet })
  expect([...first].map((a, index) => [a, second[index]])).toEqual([
    [0, 1],
    [2, 3],
  ])
})

test('chances sum to 1, keep the uniform part and the cap', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const n = 6 + (seed % 5)
    const board = ratePairs(pairsOf(n, randomRows(seed, n)))
    const { probability } = planOf(board, { aim: { kind: 'best' } })
    const count = probability.length
    expect(count).toBe((n * (n - 1)) / 2)
    expect(probability.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12)
    expect(Math.min(...probability)).toBeGreaterThanOrEqual(0.2 / count - 1e-12)
    expect(Math.max(...probability)).toBeLessThanOrEqual(10 / count + 1e-12)
  }
})

test('asked who is best, pairs with the leader are drawn more often', () => {
  const board = ratePairs(pairsOf(8, randomRows(2, 8)))
  const leader = board.fit.theta.indexOf(Math.max(...board.fit.theta))
  const shareOf = (options?: PairOptions) => {
    const { first, second, probability } = planOf(board, options)
    return probability.reduce(
      (sum, share, index) =>
        first[index] === leader || second[index] === leader ? sum + share : sum,
      0,
    )
  }
  expect(shareOf({ aim: { kind: 'best' } })).toBeGreaterThan(shareOf() + 0.1)
})

test('asked who may retire, models of unknown price keep the uniform part alone', () => {
  const board = ratePairs(
    pairsOf(
      4,
      randomRows(6, 4).map(([a, b]) => [a, b, 12, 10, 4] as const),
    ),
  )
  const aim = { kind: 'retirement', prices: [1, 2, null, null] } as const
  const { probability } = planOf(board, { aim })
  expect(Math.max(...probability)).toBe(probability[0])
  expect(probability[5]).toBeLessThan(0.1)
})

test('the order of models changes no chance', () => {
  const rows = randomRows(9, 6)
  const turned = rows.map(([a, b, w, l, t]) => [5 - b, 5 - a, l, w, t] as const)
  const one = planOf(ratePairs(pairsOf(6, rows)))
  const other = planOf(ratePairs(pairsOf(6, turned)))
  const chance = (plan: typeof one, a: number, b: number) =>
    plan.probability[[...plan.first].findIndex((x, index) => x === a && plan.second[index] === b)]
  for (let a = 0; a < 6; a++)
    for (let b = a + 1; b < 6; b++)
      expect(chance(other, 5 - b, 5 - a)).toBeCloseTo(chance(one, a, b) ?? -1, 8)
})

test('pairs are drawn as often as their chances say, each with its chance', () => {
  const board = ratePairs(pairsOf(4, randomRows(1, 4)))
  const plan = planOf(board)
  const { next } = seededRandom(2)
  const drawn = new Map<number, number>()
  for (let draw = 0; draw < 50_000; draw++) {
    const { first, second, probability } = drawPair(plan, next()) ?? {}
    const index = plan.first.findIndex((a, i) => a === first && plan.second[i] === second)
    if (probability !== plan.probability[index]) throw new Error(`chance ${probability}`)
    drawn.set(index, (drawn.get(index) ?? 0) + 1)
  }
  expect(drawn.size).toBe(plan.probability.length)
  for (const [index, count] of drawn)
    expect(count / 50_000).toBeCloseTo(plan.probability[index] ?? -1, 1.9)
})

test('a plan without pairs draws none, and a number outside 0 to 1 is a bug', () => {
  const board = ratePairs(pairsOf(2, [[0, 1, 3, 2, 1]]))
  const plan = planOf(board, { mayMeet: () => false })
  expect(drawPair(plan, 0.5)).toBeNull()
  expect(() => drawPair(planOf(board), 1)).toThrow('drawn at a number')
  expect(drawPair(planOf(board), 1 - 2 ** -53)).toEqual({ first: 0, second: 1, probability: 1 })
})
