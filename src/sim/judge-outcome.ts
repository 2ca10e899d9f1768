import { findTruth } from './find-truth.ts'
import type { Assertion, BoardPoint, Story, World } from './types.ts'

/** What is played: a world and what came of it. */
export interface Played {
  readonly world: World
  readonly story: Story
}

/** Points by which a no-dearer model is better, from which a model must have left by the end. */
export const CLEAR_POINTS = 150
const NOMINAL = 0.95
/** A board says 95 %: that it means 93 to 97 is what is asked, chance taken into account. */
const SLACK = 0.02
const Z = 3
/** Days on the market before which no rule lets a model go, and some to be found out in. */
const SETTLED_DAYS = 20

/** What must come true of worlds that were played, taken together. */
export function judgeOutcome(played: readonly Played[]): Assertion[] {
  return [
    judgeOrder(played),
    judgeCoverage(played),
    judgeGone(played),
    judgeKept(played),
    judgeAuto(played),
  ]
}

/** Ratings and truth go together: the least correlation of any overall board. */
function judgeOrder(played: readonly Played[]): Assertion {
  const figures = played.flatMap(({ story }) => {
    const points = steadyPoints(story, 'overall')
    return points.length < 3 ? [] : [correlationOf(points)]
  })
  const figure = figures.length === 0 ? null : Math.min(...figures)
  return {
    ...{ name: 'ratings recover strengths', figure, unit: 'ratio', bound: '≥ 0.95' },
    isMet: figure !== null && figure >= 0.95,
    basis: 'correlation of ratings with true ratings, overall board; least of all seeds',
  }
}

function judgeCoverage(played: readonly Played[]): Assertion {
  const points = played.flatMap(({ story }) => steadyPoints(story, null))
  const seen = new Set(
    played.flatMap(({ story }, at) =>
      story.boards.flatMap(({ points: all }) => all.map(({ model }) => `${at} ${model}`)),
    ),
  )
  const covered = points.filter(({ truth, low, high }) => low <= truth && truth <= high).length
  const figure = points.length === 0 ? null : covered / points.length
  // The boards of one model have tastes in common: they count as one and a half at most.
  const many = Math.max(1, Math.min(points.length, 1.5 * seen.size))
  const chance = Z * Math.sqrt((NOMINAL * (1 - NOMINAL)) / many)
  const [low, high] = [NOMINAL - SLACK - chance, Math.min(1, NOMINAL + SLACK + chance)]
  return {
    ...{ name: 'intervals cover', figure, unit: '%' },
    bound: `${percent(low)} to ${percent(high)} %`,
    isMet: figure !== null && figure >= low && figure <= high,
    basis: `${points.length} intervals of 95 %, overall and by category`,
  }
}

function judgeGone(played: readonly Played[]): Assertion {
  const due = played.flatMap(({ world, story }) =>
    clearlyDominated(world).map((model) => story.departures.some((one) => one.model === model)),
  )
  const figure = due.length === 0 ? null : due.filter(Boolean).length / due.length
  return {
    ...{ name: 'dominated models retire', figure, unit: '%', bound: '≥ 75 %' },
    isMet: figure === null || figure >= 0.75,
    basis: `${due.length} models with a no-dearer one ${CLEAR_POINTS} points better`,
  }
}

function judgeKept(played: readonly Played[]): Assertion {
  const good = played.flatMap(({ world, story }) =>
    goodModels(world).map((model) => story.departures.some((one) => one.model === model)),
  )
  const figure = good.length === 0 ? null : good.filter(Boolean).length / good.length
  return {
    ...{ name: 'good models do not', figure, unit: '%', bound: '≤ 5 %' },
    isMet: figure !== null && figure <= 0.05,
    basis: `${good.length} models that no no-dearer one is better than`,
  }
}

/** What `auto` is worth, of what it could be, over all that is asked. */
function judgeAuto(played: readonly Played[]): Assertion {
  const picks = played.flatMap(({ story }) => story.autoPicks)
  const sum = (of: (pick: (typeof picks)[number]) => number): number =>
    picks.reduce((total, pick) => total + pick.share * of(pick), 0)
  const best = sum(({ bestValue }) => bestValue)
  const figure = picks.length === 0 ? null : 1 - sum(({ value }) => value) / best
  return {
    ...{ name: 'auto is near the best achievable', figure, unit: '%', bound: '≤ 2 %' },
    isMet: figure !== null && figure <= 0.02,
    basis: 'value lost against the best model of each category, by their shares of questions',
  }
}

/** Of models that stayed what they were; slice null: of every board. */
function steadyPoints({ boards, changed }: Story, slice: string | null): readonly BoardPoint[] {
  return boards
    .filter((board) => slice === null || board.slice === slice)
    .flatMap(({ points }) => points.filter(({ model }) => model !== changed))
}

function correlationOf(points: readonly BoardPoint[]): number {
  const mean = (of: (point: BoardPoint) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [x, y] = [mean(({ truth }) => truth), mean(({ rating }) => rating)]
  const xy = mean(({ truth, rating }) => (truth - x) * (rating - y))
  const xx = mean(({ truth }) => (truth - x) ** 2)
  const yy = mean(({ rating }) => (rating - y) ** 2)
  return xy / Math.sqrt(xx * yy)
}

/** By how many points the best no-dearer model is better, as things are at the end. */
function marginOf(world: World, truth: readonly number[], model: number): number {
  const own = world.models[model]
  const margins = world.models.flatMap(({ priceUsd }, at) =>
    at === model || own === undefined || priceUsd > own.priceUsd
      ? []
      : [(truth[at] ?? 0) - (truth[model] ?? 0)],
  )
  return Math.max(Number.NEGATIVE_INFINITY, ...margins)
}

function truthAt(world: World, day: number): number[] {
  return findTruth(world, { category: null, days: [[day, 1]] })
}

function clearlyDominated(world: World): number[] {
  const { days } = world.size
  const truth = truthAt(world, days - 1)
  return world.models.flatMap(({ bornDay, drift }, at) => {
    const isDue = drift === null && days - bornDay >= SETTLED_DAYS
    return isDue && marginOf(world, truth, at) >= CLEAR_POINTS ? [at] : []
  })
}

/** Neither before nor after the change of another is there a no-dearer model that is better. */
function goodModels(world: World): number[] {
  const truths = [truthAt(world, 0), truthAt(world, world.size.days - 1)]
  return world.models.flatMap(({ drift }, at) =>
    drift === null && truths.every((truth) => marginOf(world, truth, at) <= 0) ? [at] : [],
  )
}

function percent(share: number): string {
  return (100 * share).toFixed(1)
}
