import { describe, expect, test } from 'vitest'
import { goldenVerdict } from '../../tests/support/golden-verdict.ts'
import {
  pairsOf,
  randomRows,
  rate,
  rateGolden,
  ratePairs,
  readShared,
} from '../../tests/support/rated-board.ts'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { claimBoard } from './claim-board.ts'
import { rankModels } from './rank-models.ts'
import { rateBest } from './rate-best.ts'
import type { BoardClaims } from './types-claims.ts'

const POINTS = 400 / Math.LN10

function certifiedPairs({ claims }: BoardClaims): [number, number][] {
  return claims
    .filter(({ status }) => status === 'certified')
    .map(({ better, worse }): [number, number] => [better, worse])
}

describe.each(Object.keys(goldenVerdict.boards))('the golden board %s', (name) => {
  const { golden, board } = rateGolden(name)
  const claims = claimBoard(board)
  const n = golden.tier.length

  test('has the golden evidence, threshold and certified claims', () => {
    for (const [row, values] of golden.log_e.entries())
      for (const [column, value] of values.entries()) {
        const own = claims.logE[row * n + column]
        if (value === null) expect(own).toBeNaN()
        else expect(own).toBeCloseTo(value, 6)
      }
    expect(claims.threshold / golden.threshold).toBeCloseTo(1, 7)
    expect(certifiedPairs(claims)).toEqual(golden.certified)
  })

  test('has the golden tolerance of each certified claim', () => {
    const own = claims.claims
      .filter(({ tolerance }) => tolerance !== null)
      .map(({ better, worse, tolerance }) => [`${better}>${worse}`, tolerance ?? 0] as const)
    expect(Object.keys(golden.tolerance)).toEqual(own.map(([pair]) => pair))
    for (const [pair, tolerance] of own)
      expect(tolerance / (golden.tolerance[pair] ?? 0)).toBeCloseTo(1, 5)
  })

  test('has the golden tiers', () => {
    expect(rankModels(board.fit, claims).map(({ tier }) => tier)).toEqual(golden.tier)
  })
})

const none = { pairs: pairsOf(2, [[0, 1, 1, 1, 0]]), raters: null, prompts: null }
const arena = readShared('arena-20240814/pairs.csv')

describe.skipIf(arena === null)(
  'the real arena of 2024-08-14 (skipped where its counts are not)',
  () => {
    const golden = goldenVerdict.arena_20240814
    const board = ratePairs(arena?.pairs ?? none.pairs)
    const claims = claimBoard(board)
    const { models } = board.fit.pairs

    test('certifies 7,176 of 8,256 pairs and leans to 448, no neighbours among the certified', () => {
      const { threshold, certified, leaning, adjacent_certified } = golden.with_matchup_spread
      expect(claims.threshold / threshold).toBeCloseTo(1, 7)
      expect(claims.claims.length).toBe(golden.pairs)
      const count = (status: string) =>
        claims.claims.filter((claim) => claim.status === status).length
      expect([count('certified'), count('leaning')]).toEqual([certified, leaning])
      const order = [...models.keys()].sort(
        (a, b) => (board.fit.theta[b] ?? 0) - (board.fit.theta[a] ?? 0),
      )
      const neighbours = order.slice(1).filter((worse, place) => {
        const better = order[place] ?? 0
        return claims.certified[better * models.length + worse] === 1
      })
      expect(neighbours.length).toBe(adjacent_certified)
    })

    test('has the golden gaps, evidence and tolerances', () => {
      for (const wanted of golden.claims) {
        const claim = claims.claims.find(
          ({ better, worse }) => models[better] === wanted.better && models[worse] === wanted.worse,
        )
        expect((claim?.gap ?? 0) * POINTS).toBeCloseTo(wanted.gap_points, 5)
        expect(claim?.logE).toBeCloseTo(wanted.log_e, 4)
        expect(claim?.status === 'certified').toBe(wanted.certified)
        if (wanted.tolerance === null) expect(claim?.tolerance).toBeNull()
        else expect((claim?.tolerance ?? 0) / wanted.tolerance).toBeCloseTo(1, 5)
      }
    })

    test('has 20 tiers and the golden ranks of the first eight', () => {
      const standings = rankModels(board.fit, claims)
      expect(Math.max(...standings.map(({ tier }) => tier))).toBe(golden.with_matchup_spread.tiers)
      for (const { model, rank_low, rank_high, tier } of golden.top)
        expect(standings[models.indexOf(model)]).toEqual({
          rankLow: rank_low,
          rankHigh: rank_high,
          tier,
        })
    })

    test('certifies 1,006 pairs without any model too', () => {
      expect(claims.claims.filter(({ isModelFree }) => isModelFree).length).toBe(1_006)
    })

    test('marks no claim as one matchup: each model has met many', () => {
      expect(claims.claims.filter(({ isThisMatchup }) => isThisMatchup)).toEqual([])
    })

    test('is sure who is best', () => {
      const { next } = seededRandom(1)
      const best = rateBest(board.fit, board.uncertainty, { random: next })
      for (const [model, share] of golden.p_best)
        expect(best[models.indexOf(model)]).toBeCloseTo(share, 2)
    })
  },
)

const llmfao = readShared('llmfao/votes.csv')

describe.skipIf(llmfao === null)('the crowd of llmfao (skipped where its votes are not)', () => {
  const votes = llmfao ?? none
  const golden = goldenVerdict.llmfao

  test('leans to 214 claims and certifies none: thirteen prompts cannot decide a board', () => {
    const board = rate(votes)
    const claims = claimBoard(board)
    const count = (status: string) =>
      claims.claims.filter((claim) => claim.status === status).length
    expect(claims.threshold / golden.threshold).toBeCloseTo(1, 6)
    expect([count('certified'), count('leaning')]).toEqual([golden.certified, golden.leaning])
    expect(Math.max(...rankModels(board.fit, claims).map(({ tier }) => tier))).toBe(golden.tiers)
  })

  test('would certify 167 by raters alone, and 348 in 3 tiers were both ignored', () => {
    const byRater = rate({ ...votes, prompts: null })
    expect(certifiedPairs(claimBoard(byRater)).length).toBe(golden.certified_by_rater_alone)
    const ignored = ratePairs(votes.pairs)
    const claims = claimBoard(ignored)
    expect(certifiedPairs(claims).length).toBe(golden.certified_if_both_ignored)
    const tiers = rankModels(ignored.fit, claims).map(({ tier }) => tier)
    expect(Math.max(...tiers)).toBe(golden.tiers_if_both_ignored)
  })
})

test('each unordered pair is claimed once, in the direction of the larger evidence', () => {
  const board = ratePairs(pairsOf(7, randomRows(3, 7)))
  const { claims, logE } = claimBoard(board)
  expect(claims.length).toBe(21)
  for (const { better, worse, logE: own } of claims) {
    expect(own).toBe(logE[better * 7 + worse])
    expect(own).toBeGreaterThanOrEqual(logE[worse * 7 + better] ?? Number.NaN)
  }
})

test('models of two islands are never compared', () => {
  const board = ratePairs(
    pairsOf(5, [
      [0, 1, 90, 5, 3],
      [2, 3, 80, 9, 2],
    ]),
  )
  const { claims, threshold } = claimBoard(board)
  expect(claims.map(({ better, worse }) => [better, worse])).toEqual([
    [0, 1],
    [2, 3],
  ])
  expect(threshold).toBeLessThan(20 + 4 * 20)
  const standings = rankModels(board.fit, claimBoard(board))
  expect(standings.map(({ rankHigh }) => rankHigh)).toEqual([1, 2, 1, 2, 1])
})

test('a pair is marked as this matchup when it holds over a quarter of the votes of either', () => {
  const rows = [
    [0, 1, 25, 0, 0],
    [0, 2, 25, 0, 0],
    [0, 3, 25, 0, 0],
    [0, 4, 25, 0, 0],
    [1, 2, 25, 0, 0],
    [1, 3, 25, 0, 0],
    [1, 4, 26, 0, 0],
    [2, 3, 25, 0, 0],
    [2, 4, 25, 0, 0],
    [3, 4, 25, 0, 0],
  ] as const
  const { claims } = claimBoard(ratePairs(pairsOf(5, rows)))
  const marked = claims.filter(({ isThisMatchup }) => isThisMatchup)
  expect(marked.map(({ better, worse }) => [better, worse])).toEqual([[1, 4]])
})

test('every claim of fewer than five models that all met says that matchups are not checked', () => {
  for (const n of [2, 3, 4, 5, 6]) {
    const rows = randomRows(3, n)
    const board = ratePairs(pairsOf(n, rows))
    const isFew = rows.length - n + board.fit.components < 6
    for (const { caveats } of claimBoard(board).claims)
      expect(caveats.includes('matchups_unchecked')).toBe(isFew)
  }
  const all = [0, 1, 2, 3, 4].flatMap((a) =>
    [0, 1, 2, 3, 4].flatMap((b) => (a < b ? [[a, b, 9, 3, 1] as const] : [])),
  )
  const caveatsOf = (rows: typeof all, n: number) =>
    new Set(claimBoard(ratePairs(pairsOf(n, rows))).claims.flatMap(({ caveats }) => caveats))
  expect(caveatsOf(all, 5)).toEqual(new Set())
  const four = all.filter(([, b]) => b < 4)
  expect(caveatsOf(four, 4)).toEqual(new Set(['matchups_unchecked', 'this_matchup']))
})

test('bets without a model take raters who repeat themselves for fewer votes', () => {
  const board = ratePairs(pairsOf(2, [[0, 1, 80, 40, 10]]))
  const repeating = {
    ...board,
    uncertainty: { ...board.uncertainty, designEffect: { rater: 6, prompt: 1, total: 6 } },
  }
  const sure = { ...board, uncertainty: { ...board.uncertainty, Vtotal: board.uncertainty.V0 } }
  expect(claimBoard(sure).claims.map(({ isModelFree }) => isModelFree)).toEqual([true])
  expect(
    claimBoard({
      ...repeating,
      uncertainty: { ...repeating.uncertainty, Vtotal: sure.uncertainty.V0 },
    }).claims,
  ).toMatchObject([{ status: 'certified', isModelFree: false }])
})

test('the order of models changes nothing but their places', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const rows = randomRows(seed, 6)
    const turned = rows.map(([a, b, w, l, t]) => [5 - b, 5 - a, l, w, t] as const)
    const one = claimBoard(ratePairs(pairsOf(6, rows)))
    const other = claimBoard(ratePairs(pairsOf(6, turned)))
    expect(other.threshold / one.threshold).toBeCloseTo(1, 8)
    for (let a = 0; a < 6; a++)
      for (let b = 0; b < 6; b++)
        if (a !== b)
          expect(other.logE[(5 - a) * 6 + 5 - b]).toBeCloseTo(one.logE[a * 6 + b] ?? 0, 7)
  }
})

test('a vote for the better of two alone makes the claim stronger', () => {
  let before = Number.NEGATIVE_INFINITY
  for (let wins = 30; wins < 200; wins += 1) {
    const { logE } = claimBoard(ratePairs(pairsOf(2, [[0, 1, wins, 20, 15]])))
    expect(logE[1]).toBeGreaterThan(before)
    before = logE[1] ?? 0
  }
})

test('the same votes over and over make what is certified stay certified without spread', () => {
  for (const rows of [
    [[0, 1, 30, 18, 12]],
    [
      [0, 1, 40, 20, 20],
      [1, 2, 40, 20, 20],
    ],
  ] as const) {
    let before = 0
    for (const times of [1, 2, 4, 8, 16, 32]) {
      const more = rows.map(([a, b, ...counts]) => [a, b, ...counts.map((c) => c * times)] as never)
      const now = certifiedPairs(claimBoard(ratePairs(pairsOf(rows.length + 1, more)))).length
      expect(now).toBeGreaterThanOrEqual(before)
      before = now
    }
    expect(before).toBeGreaterThan(0)
  }
})
