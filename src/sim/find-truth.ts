import { CATEGORIES, type Category } from '../boards/index.ts'
import { fitRatings, logistic, POINTS_PER_UNIT, ratingOf } from '../ratings/index.ts'
import { pointsApart } from './choose-vote.ts'
import { CATEGORY_SHARES, TASTE_SD } from './plan-world.ts'
import type { World } from './types.ts'

/** Which questions, and when the models are asked. */
export interface Field {
  /** Null: all, in their shares. */
  readonly category: Category | null
  /** Days, each with its share. */
  readonly days: readonly (readonly [day: number, share: number])[]
}

/** Votes of a round robin that stand for its expectation: whole numbers are fine enough then. */
const MANY = 1e9

/**
 * The ratings that a round robin of all models before everybody would give: the half-tie fit to the
 * expected score of every pair, over the whole population that tastes are drawn from. Points.
 */
export function findTruth(world: World, field: Field): number[] {
  const n = world.models.length
  const [first, second, wins, losses]: [number[], number[], number[], number[]] = [[], [], [], []]
  for (let a = 0; a < n; a++)
    for (let b = a + 1; b < n; b++) {
      const won = Math.round(MANY * expectedScore(world, [a, b], field))
      first.push(a)
      second.push(b)
      wins.push(won)
      losses.push(MANY - won)
    }
  const fit = fitRatings({
    models: world.models.map(({ name }) => name),
    first: Int32Array.from(first),
    second: Int32Array.from(second),
    firstWins: Float64Array.from(wins),
    secondWins: Float64Array.from(losses),
    ties: new Float64Array(first.length),
    bothBad: new Float64Array(first.length),
  })
  return [...fit.theta].map(ratingOf)
}

/** The share of wins against another model drawn evenly, before everybody. */
export function trueShare(world: World, model: number, field: Field): number {
  const others = world.models.flatMap((_, at) => (at === model ? [] : [at]))
  const sum = others.reduce((total, at) => total + expectedScore(world, [model, at], field), 0)
  return sum / others.length
}

/** What the first gets on average of people who are not asked yet; a tie is half. */
export function expectedScore(
  world: World,
  [a, b]: readonly [number, number],
  { category, days }: Field,
): number {
  let sum = 0
  for (const one of category === null ? CATEGORIES : [category])
    for (const [day, share] of days) {
      const apart = pointsApart(world, { category: one, day, a, b })
      sum += share * (category === null ? CATEGORY_SHARES[one] : 1) * overTastes(apart)
    }
  return sum
}

/** Nodes and weights of a normal distribution: enough for eight digits here. */
const NODES = Array.from({ length: 41 }, (_, at) => (at - 20) / 4)
const WEIGHTS = NODES.map((z) => Math.exp((-z * z) / 2))
const WEIGHT = WEIGHTS.reduce((sum, weight) => sum + weight, 0)

function overTastes(apart: number): number {
  const sd = Math.SQRT2 * TASTE_SD // of the difference of two tastes
  const scores = NODES.map((z) => logistic((apart + sd * z) / POINTS_PER_UNIT))
  return scores.reduce((sum, score, at) => sum + score * (WEIGHTS[at] ?? 0), 0) / WEIGHT
}
