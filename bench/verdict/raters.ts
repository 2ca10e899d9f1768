import { POINTS_PER_UNIT } from '../../src/ratings/index.ts'
import type { Cell, Experiment } from './experiment.ts'
import { openMarket, openRandom, type Random } from './market.ts'
import { type Crowd, watchClaims } from './watch.ts'

interface Scene {
  readonly name: string
  readonly n: number
  readonly raters: number
  /** in turn: one rater after the other; at once: each vote by anyone; half: by the first. */
  readonly order: 'turn' | 'once' | 'half'
  readonly tastePoints: number
  /** Votes treated as independent, and by the rule. */
  readonly recipe: readonly [ignored: number | null, rule: number]
  readonly quick?: number
}

const VOTES = 3_000
const EVERY = 50
const table = 'any false claim, equal models, voters with tastes of their own'
const assumed = '3,000 votes, 10 models where not said, 35 % ties, a look every 50 votes'

const scenes: readonly Scene[] = [
  {
    name: '150 raters × 20 in turn, 60 points',
    n: 10,
    raters: 150,
    order: 'turn',
    tastePoints: 60,
    recipe: [2, 2.3],
    quick: 100,
  },
  {
    name: '60 × 50 in turn, 100',
    n: 10,
    raters: 60,
    order: 'turn',
    tastePoints: 100,
    recipe: [38.3, 0.7],
  },
  {
    name: '15 × 200 in turn, 100',
    n: 10,
    raters: 15,
    order: 'turn',
    tastePoints: 100,
    recipe: [98, 0.3],
    quick: 100,
  },
  {
    name: '20 × 150 at once, 100',
    n: 10,
    raters: 20,
    order: 'once',
    tastePoints: 100,
    recipe: [60.7, 0],
  },
  {
    name: '5 × 600 at once, 100',
    n: 10,
    raters: 5,
    order: 'once',
    tastePoints: 100,
    recipe: [98, 0.3],
    quick: 100,
  },
  {
    name: '40 and one who casts half, 2 models',
    n: 2,
    raters: 41,
    order: 'half',
    tastePoints: 100,
    recipe: [null, 0],
  },
  {
    name: '40 and one who casts half, 5 models',
    n: 5,
    raters: 41,
    order: 'half',
    tastePoints: 100,
    recipe: [null, 0],
  },
  {
    name: '40 and one who casts half, 10 models',
    n: 10,
    raters: 41,
    order: 'half',
    tastePoints: 100,
    recipe: [null, 0],
  },
  {
    name: '12 raters, 2 models',
    n: 2,
    raters: 12,
    order: 'once',
    tastePoints: 100,
    recipe: [null, 2.7],
  },
  {
    name: '6 raters, 3 models',
    n: 3,
    raters: 6,
    order: 'once',
    tastePoints: 100,
    recipe: [null, 1.7],
  },
  {
    name: '4 raters, 5 models',
    n: 5,
    raters: 4,
    order: 'once',
    tastePoints: 100,
    recipe: [null, 3.7],
    quick: 100,
  },
]

function crowdOf(
  { n, raters, order, tastePoints }: Scene,
  random: Random,
  isIgnored: boolean,
): (pairs: { first: Int32Array; second: Int32Array }) => Crowd {
  const taste = Float64Array.from(
    { length: raters * n },
    () => (tastePoints / POINTS_PER_UNIT) * random.normal(),
  )
  const anyone = (from: number): number => from + Math.floor(random.next() * (raters - from))
  const raterOf = (vote: number): number => {
    if (order === 'turn') return Math.min(raters - 1, Math.floor((vote * raters) / VOTES))
    if (order === 'once') return anyone(0)
    return random.next() < 0.5 ? 0 : anyone(1)
  }
  return ({ first, second }) => ({
    raters,
    raterOf,
    isIgnored,
    tasteOf: (rater, pair) =>
      (taste[rater * n + (first[pair] ?? 0)] ?? 0) - (taste[rater * n + (second[pair] ?? 0)] ?? 0),
  })
}

function watchOnce(scene: Scene, seed: number, isIgnored: boolean) {
  const random = openRandom(seed)
  const market = openMarket({ n: scene.n, strengthPoints: 0, ties: 0.35 }, random)
  const crowd = crowdOf(scene, random, isIgnored)(market)
  const watch = { market, random, votes: VOTES, every: EVERY, crowd, isFalseEnough: true }
  return watchClaims({ ...watch, isBeside: isIgnored })
}

const experiments = scenes.map((scene): Experiment => {
  const [ignored, rule] = scene.recipe
  const ignoring: Cell | null =
    ignored === null
      ? null
      : { name: `${scene.name}, ignored`, recipe: ignored, assumed, beside: 2 }
  return {
    table,
    cells: [{ name: scene.name, recipe: rule, assumed, beside: 2 }, ignoring, null],
    runs: [300, scene.quick ?? 0],
    run: (seed) => {
      const ours = watchOnce(scene, seed, false)
      const independent = watchOnce(scene, seed, true)
      return [
        Number(ours.hasFalse),
        Number(independent.hasFalse),
        Number(independent.hasFalseBeside),
      ]
    },
  }
})

/** What the rule costs where nobody has tastes. */
const cost: Experiment = {
  table: 'true claims of 45 without tastes, strengths 100 points apart, 3,000 votes',
  cells: [
    { name: 'raters known', recipe: 28.6, unit: 'claims', assumed: '60 raters' },
    { name: 'raters ignored', recipe: 29, unit: 'claims' },
  ],
  runs: [300, 100],
  run: (seed) => {
    const claims = (isIgnored: boolean): number => {
      const random = openRandom(seed)
      const market = openMarket({ n: 10, strengthPoints: 100, ties: 0.35 }, random)
      const scene: Scene = {
        name: '',
        n: 10,
        raters: 60,
        order: 'once',
        tastePoints: 0,
        recipe: [null, 0],
      }
      const crowd = crowdOf(scene, random, isIgnored)(market)
      return watchClaims({ market, random, votes: VOTES, every: EVERY, crowd }).everTrue.size
    }
    return [claims(false), claims(true)]
  },
}

export const raterExperiments: readonly Experiment[] = [...experiments, cost]
