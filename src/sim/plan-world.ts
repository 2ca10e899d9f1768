import { CATEGORIES, type Category } from '../boards/index.ts'
import { logistic } from '../ratings/index.ts'
import { drawNumbers, type Numbers } from './draw-numbers.ts'
import type { Ballot, Drift, World, WorldModel, WorldPerson, WorldSize } from './types.ts'

/** Spreads, as standard deviations in points. */
const STRENGTH_SD = 120
const CATEGORY_SD = 20
export const TASTE_SD = 40
const MATCHUP_SD = 10
/** Prices of a typical request lie between, and dearer models are better, on the whole. */
const LEAST_USD = 0.0005
const MOST_USD = 0.015
const PRICE_CORRELATION = 0.5
/** Worlds of so many models have two that join later and one that changes. */
const LEAST_FOR_NEWS = 6
const DRIFT_POINTS = -150

/** What people ask, as shares of all questions. */
export const CATEGORY_SHARES: Readonly<Record<Category, number>> = {
  code: 0.25,
  maths: 0.15,
  writing: 0.2,
  reasoning: 0.1,
  translation: 0.1,
  roleplay: 0.05,
  other: 0.15,
}

/** The world of a seed. Everything in it is drawn from the seed, each part by itself. */
export function planWorld(size: WorldSize): World {
  const { seed } = size
  const models = planModels(size)
  return {
    size,
    models,
    people: planPeople(size),
    matchups: planMatchups(models.length, drawNumbers(seed, 'matchups')),
    ballots: planBallots(size, planPeople(size)),
  }
}

function planModels({ seed, models, days }: WorldSize): WorldModel[] {
  const numbers = drawNumbers(seed, 'models')
  const drawn = Array.from({ length: models }, (_, at) => {
    const [own, market] = [numbers.normal(), numbers.normal()]
    const dear =
      PRICE_CORRELATION * own + Math.sqrt(1 - PRICE_CORRELATION * PRICE_CORRELATION) * market
    return {
      name: `sim/m${String(at + 1).padStart(2, '0')}`,
      strength: STRENGTH_SD * own,
      priceUsd: LEAST_USD * (MOST_USD / LEAST_USD) ** normalShare(dear),
      byCategory: offsets(numbers),
    }
  })
  const hasNews = models >= LEAST_FOR_NEWS
  const drifting = hasNews ? middleOf(drawn.slice(0, models - 2)) : -1
  const drift: Drift = { day: Math.floor(days / 2), points: DRIFT_POINTS }
  return drawn.map((model, at) => ({
    ...model,
    bornDay: hasNews && at >= models - 2 ? Math.floor((days * (at === models - 1 ? 2 : 1)) / 6) : 0,
    drift: at === drifting ? drift : null,
  }))
}

function offsets(numbers: Numbers): Record<Category, number> {
  const drawn = CATEGORIES.map((category) => [category, CATEGORY_SD * numbers.normal()] as const)
  const mean = drawn.reduce(
    (sum, [category, points]) => sum + CATEGORY_SHARES[category] * points,
    0,
  )
  return Object.fromEntries(drawn.map(([category, points]) => [category, points - mean])) as Record<
    Category,
    number
  >
}

/** The share of a normal population below, by a logistic curve of the same spread. */
function normalShare(z: number): number {
  return logistic(1.702 * z)
}

/** The place of the one in the middle by strength. */
function middleOf(models: readonly { readonly strength: number }[]): number {
  const order = models.map(({ strength }, at) => ({ strength, at }))
  order.sort((x, y) => x.strength - y.strength)
  return order[Math.floor(order.length / 2)]?.at ?? -1
}

/** The first votes most, the k-th a k-th of that: few cast most of the votes. */
function planPeople({ seed, people, models }: WorldSize): WorldPerson[] {
  const numbers = drawNumbers(seed, 'people')
  const total = Array.from({ length: people }, (_, at) => 1 / (at + 1)).reduce((x, y) => x + y, 0)
  return Array.from({ length: people }, (_, at) => ({
    share: 1 / (at + 1) / total,
    tastes: Array.from({ length: models }, () => TASTE_SD * numbers.normal()),
    tieShare: 0.1 + 0.3 * numbers.next(),
    badShare: 0.5 * numbers.next(),
  }))
}

function planMatchups(models: number, numbers: Numbers): number[][] {
  const points = Array.from({ length: models }, () => new Array<number>(models).fill(0))
  for (const [a, row] of points.entries())
    for (let b = a + 1; b < models; b++) {
      const extra = MATCHUP_SD * numbers.normal()
      row[b] = extra
      const other = points[b]
      if (other !== undefined) other[a] = -extra
    }
  return points
}

function planBallots(size: WorldSize, people: readonly WorldPerson[]): Ballot[] {
  const numbers = drawNumbers(size.seed, 'ballots')
  return Array.from({ length: size.votes }, (_, at) => ({
    day: Math.floor((at * size.days) / size.votes),
    person: drawBy(
      people.map(({ share }) => share),
      numbers.next(),
    ),
    category:
      CATEGORIES[
        drawBy(
          CATEGORIES.map((category) => CATEGORY_SHARES[category]),
          numbers.next(),
        )
      ] ?? 'other',
  }))
}

/** A place drawn by shares that sum to 1. */
function drawBy(shares: readonly number[], lot: number): number {
  let left = lot
  for (const [at, share] of shares.entries()) {
    left -= share
    if (left < 0) return at
  }
  return shares.length - 1
}
