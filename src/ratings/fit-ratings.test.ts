import { describe, expect, it } from 'vitest'
import { arenaShape, arenaShaped } from '../../tests/support/arena-shaped.ts'
import {
  countRow,
  goldenFits,
  readClassic,
  readExactArena,
  votesIn,
} from '../../tests/support/golden-fits.ts'
import { pairsOf, randomRows } from '../../tests/support/rated-board.ts'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { readArenaPairs } from '../../tests/support/shared-data.ts'
import { countRows } from './count-votes.ts'
import { fitIsland } from './fit-island.ts'
import { fitRatings } from './fit-ratings.ts'
import { splitIslands } from './islands.ts'
import { POINTS_PER_UNIT, ratingOf } from './points.ts'
import type { Fit, PairCounts } from './types.ts'
import type { CountRow } from './types-rows.ts'

const arena = readArenaPairs()
const exactArena = readExactArena()

function ratingsOf({ theta }: Fit): number[] {
  return Array.from(theta, ratingOf)
}

function largestGap(one: ArrayLike<number>, other: ArrayLike<number>): number {
  return Array.from(one).reduce((most, value, i) => {
    return Math.max(most, Math.abs(value - (other[i] ?? Number.NaN)))
  }, 0)
}

describe.each(Object.entries(goldenFits.boards))('the golden board %s', (_, golden) => {
  const pairs = pairsOf(golden.rating.length, golden.pairs)
  const fit = fitRatings(pairs)

  it('has the golden ratings, model errors and information', () => {
    const n = golden.rating.length
    expect(largestGap(ratingsOf(fit), golden.rating)).toBeLessThan(1e-5)
    const errors = golden.se_model.map((_, i) => POINTS_PER_UNIT * Math.sqrt(fit.V[i * n + i] ?? 0))
    expect(largestGap(errors, golden.se_model)).toBeLessThan(1e-6)
    expect(largestGap(fit.information, golden.information)).toBeLessThan(1e-5)
    expect(fit.gradientNorm).toBeLessThan(1e-9)
  })

  it('has the golden optimum without the penalty, or none', () => {
    const mle = (): Fit => fitRatings(pairs, { method: 'mle' })
    if (golden.rating_mle === null) expect(mle).toThrow(/There is no exact optimum/)
    else expect(largestGap(ratingsOf(mle()), golden.rating_mle)).toBeLessThan(1e-5)
  })
})

describe.each(['baseball', 'citations'] as const)('the classic set %s', (name) => {
  it('has its published strengths and errors', () => {
    const { rows, reference, coefficients, errors } = readClassic(name)
    const { V, theta, pairs } = fitRatings(countRows(rows).votes.pairs, { method: 'mle' })
    const n = theta.length
    const r = pairs.models.indexOf(reference)
    for (const [model, strength] of Object.entries(coefficients)) {
      const i = pairs.models.indexOf(model)
      expect((theta[i] ?? 0) - (theta[r] ?? 0)).toBeCloseTo(strength, 9)
      const variance = (V[i * n + i] ?? 0) + (V[r * n + r] ?? 0) - 2 * (V[i * n + r] ?? 0)
      expect(Math.sqrt(variance)).toBeCloseTo(errors[model] ?? Number.NaN, 9)
    }
  })
})

describe('1.67 million votes', () => {
  it('of a seeded arena are fitted to the last digit', () => {
    const pairs = arenaShaped(1)
    expect([pairs.models.length, pairs.first.length]).toEqual([arenaShape.models, arenaShape.pairs])
    expect(votesIn(pairs)).toBe(arenaShape.votes)
    for (const method of ['penalised', 'mle'] as const) {
      const fit = fitRatings(pairs, { method })
      expect(fit.components).toBe(1)
      expect(fit.gradientNorm).toBeLessThan(1e-9)
      expect(fit.steps).toBeLessThan(12)
    }
  })

  it.skipIf(arena === null || exactArena === null)(
    'of a real arena (../shared, skipped where it is not there) have the exact optimum',
    () => {
      const fit = fitRatings(arena as PairCounts, { method: 'mle' })
      const exact = fit.pairs.models.map((model) => exactArena?.[model]?.rating ?? Number.NaN)
      expect(largestGap(ratingsOf(fit), exact)).toBeLessThan(1e-5)
      const golden = goldenFits.arena_20240814
      expect(fit.logLikelihood).toBeCloseTo(golden.log_likelihood_mle, 6)
      expect(fit.gradientNorm).toBeLessThan(1e-9)
      const penalised = fitRatings(arena as PairCounts)
      expect(penalised.gradientNorm).toBeLessThan(1e-9)
      const top = golden.top.map(({ model }) => penalised.pairs.models.indexOf(model))
      const ratings = top.map((i) => ratingOf(penalised.theta[i] ?? 0))
      expect(ratings).toEqual(golden.top.map(({ rating }) => expect.closeTo(rating, 4)))
    },
  )
})

describe('what the fit does not depend on', () => {
  const rows = randomRows(3, 9)
  const pairs = pairsOf(9, rows)
  const fit = fitRatings(pairs)

  it('the order of models and of rows, and which model comes first in a row', () => {
    const random = seededRandom(11)
    const order = [4, 2, 8, 0, 6, 1, 7, 3, 5]
    const named = (i: number): string => `model ${order[i]}`
    const turned = rows
      .map(([i, j, wins, losses, ties]): CountRow => {
        const row = { ...countRow([named(i), named(j)], wins, losses), ties }
        if (random.next() < 0.5) return row
        return { ...countRow([named(j), named(i)], losses, wins), ties }
      })
      .toSorted(() => random.next() - 0.5)
    const other = fitRatings(countRows(turned).votes.pairs)
    const back = order.map((place) => other.theta[place] ?? Number.NaN)
    expect(largestGap(fit.theta, back)).toBeLessThan(1e-11)
    expect(other.logLikelihood).toBeCloseTo(fit.logLikelihood, 8)
  })

  it('who is called the winner: strengths change their sign', () => {
    const swapped = { ...pairs, firstWins: pairs.secondWins, secondWins: pairs.firstWins }
    const other = fitRatings(swapped)
    expect(
      largestGap(
        fit.theta,
        other.theta.map((strength) => -strength),
      ),
    ).toBeLessThan(1e-11)
  })

  it('how many votes there are in proportion, as far as the plain optimum goes', () => {
    const times = (column: Float64Array): Float64Array => column.map((votes) => votes * 7.5)
    const more = {
      ...pairs,
      firstWins: times(pairs.firstWins),
      secondWins: times(pairs.secondWins),
      ties: times(pairs.ties),
    }
    const one = fitRatings(pairs, { method: 'mle' })
    const other = fitRatings(more, { method: 'mle' })
    expect(largestGap(one.theta, other.theta)).toBeLessThan(1e-11)
    expect(
      largestGap(
        one.V,
        other.V.map((value) => value * 7.5),
      ),
    ).toBeLessThan(1e-11)
  })

  it('where it starts', () => {
    const start = { pairs, theta: fit.theta.map((strength, i) => strength + 3 * (i - 4)) }
    const again = fitRatings(pairs, { start: fit })
    expect(again.steps).toBeLessThan(2)
    for (const other of [again, fitRatings(pairs, { start })])
      expect(largestGap(fit.theta, other.theta)).toBeLessThan(1e-11)
    const far = { pairs, theta: fit.theta.map((_, i) => (i === 0 ? 1e6 : 0)) }
    expect(largestGap(fit.theta, fitRatings(pairs, { start: far }).theta)).toBeLessThan(1e-11)
  })

  it('both bad or tie: each is half a point', () => {
    const bad = { ...pairs, ties: pairs.bothBad, bothBad: pairs.ties }
    expect(fitRatings(bad).theta).toEqual(fit.theta)
  })

  it('a start farther off than 40 begins at 40', () => {
    const two = pairsOf(2, [[0, 1, 6, 4, 0]])
    const stepsFrom = (far: number) =>
      fitRatings(two, { start: { pairs: two, theta: Float64Array.of(far, -far) } }).steps
    expect(stepsFrom(4000)).toBe(stepsFrom(40))
    expect(stepsFrom(40)).toBeGreaterThan(fitRatings(two).steps + 5)
  })

  it('a start with other models: names are matched, and who is new begins at 0', () => {
    const start = { pairs: { ...pairs, models: ['x'] }, theta: Float64Array.of(3) }
    expect(largestGap(fit.theta, fitRatings(pairs, { start }).theta)).toBeLessThan(1e-11)
  })
})

describe('islands', () => {
  const rows = [countRow(['a', 'c'], 5, 3), countRow(['c', 'e'], 2, 2), countRow(['b', 'd'], 9, 0)]
  const { pairs } = countRows(rows, { models: ['lonely'] }).votes
  const fit = fitRatings(pairs)

  it('have a scale each, as if the others were not there', () => {
    expect([...fit.component]).toEqual([0, 1, 0, 1, 0, 2])
    const alone = fitRatings(countRows(rows.slice(0, 2)).votes.pairs)
    expect([0, 2, 4].map((i) => fit.theta[i])).toEqual([...alone.theta])
    expect((fit.theta[1] ?? 0) + (fit.theta[3] ?? 0)).toBeCloseTo(0, 12)
    expect(fit.V[1]).toBe(0)
  })

  it('a model without votes has strength 0 and no variance', () => {
    expect([fit.theta[5], fit.V[35], fit.information[5]]).toEqual([0, 0, 0])
    const empty = fitRatings(countRows([], { models: ['a', 'b'] }).votes.pairs)
    expect([...empty.theta, ...empty.V, empty.components]).toEqual([0, 0, 0, 0, 0, 0, 2])
    expect(fitRatings(countRows([]).votes.pairs).components).toBe(0)
  })

  it('are fitted in their own indexes', () => {
    const island = splitIslands(pairs).islands[1]
    if (island === undefined) throw new Error('no island')
    expect(fitIsland(island, 'penalised', null).theta[0]).toBe(fit.theta[1])
  })
})

describe('votes that strain it', () => {
  it('one vote of all is finite', () => {
    const { theta, V } = fitRatings(countRows([countRow(['a', 'b'], 1, 0)]).votes.pairs)
    // (w + ½) / (n + 1) of Jeffreys: 3 to 1.
    expect((theta[0] ?? 0) - (theta[1] ?? 0)).toBeCloseTo(Math.log(3), 12)
    expect(V.every(Number.isFinite)).toBe(true)
  })

  it('a billion votes on one pair, one vote on another', () => {
    const rows = [countRow(['a', 'b'], 6e8, 4e8), countRow(['b', 'c'], 1, 0)]
    const { theta, V, pairs } = fitRatings(countRows(rows).votes.pairs)
    expect((theta[0] ?? 0) - (theta[1] ?? 0)).toBeCloseTo(Math.log(1.5), 8)
    expect((theta[1] ?? 0) - (theta[2] ?? 0)).toBeCloseTo(Math.log(3), 8)
    expect(pairs.models).toEqual(['a', 'b', 'c'])
    expect(V.every(Number.isFinite)).toBe(true)
  })

  it.each([1, 2, 3, 4, 5])('a chain of wins only, of lengths and votes by seed %i', (seed) => {
    const random = seededRandom(seed)
    const rows = Array.from({ length: 40 }, (_, i) =>
      countRow([`m${100 + i}`, `m${101 + i}`], 1 + random.below(2_000), 0),
    )
    const fit = fitRatings(countRows(rows).votes.pairs)
    expect(fit.gradientNorm).toBeLessThan(1e-8)
    expect([...fit.theta]).toEqual([...fit.theta].toSorted((one, other) => other - one))
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('sparse boards of seed %i settle', (seed) => {
    const random = seededRandom(seed)
    const rows = Array.from({ length: 60 }, () => {
      const pair = [`m${random.below(40)}`, `n${random.below(40)}`] as const
      return countRow(pair, random.below(3), random.below(2))
    })
    const fit = fitRatings(countRows(rows).votes.pairs)
    expect(fit.gradientNorm).toBeLessThan(1e-9)
    expect(fit.theta.every(Number.isFinite)).toBe(true)
  })

  it('names who stands apart when the plain optimum does not exist', () => {
    const { pairs } = countRows([
      countRow(['a "b", c', 'd'], 3, 0),
      countRow(['d', 'e'], 1, 1),
    ]).votes
    expect(() => fitRatings(pairs, { method: 'mle' })).toThrow(
      'There is no exact optimum: "a \\"b\\", c" never lost a point against the rest.',
    )
  })
})
