import { POINTS_PER_UNIT } from '../../src/ratings/index.ts'
import type { Cell, Experiment } from './experiment.ts'
import {
  centred,
  type Market,
  type MarketKind,
  marketOf,
  openMarket,
  openRandom,
  type Random,
} from './market.ts'
import { type Chooser, chased, designed, watchClaims } from './watch.ts'

interface Scene {
  readonly name: string
  readonly recipe: Cell['recipe']
  readonly kind: MarketKind
  readonly votes: number
  readonly every: number
  readonly runs: Experiment['runs']
  readonly strengths?: readonly number[]
  readonly choose?: (market: Market) => Chooser
  readonly assumed?: string
  readonly adjust?: (market: Market) => Market
}

const equal = { strengthPoints: 0, ties: 0.35 }

/** Models drawn with weights from 1 to 20, evenly spaced on a logarithmic scale. */
function unevenly(market: Market): Market {
  const weight = (i: number): number => 20 ** (i / (market.n - 1))
  const draw = (random: Random): number => {
    for (;;) {
      const pair = Math.floor(random.next() * market.first.length)
      const share = (weight(market.first[pair] ?? 0) * weight(market.second[pair] ?? 0)) / 400
      if (random.next() < share) return pair
    }
  }
  return { ...market, drawPair: draw }
}

/** One model more after equal numbers of votes, from 3 to all; pairs are even among those there. */
function growing(market: Market): Chooser {
  let vote = 0
  return (_, random) => {
    const there = Math.min(market.n, 3 + Math.floor((vote * (market.n - 2)) / 5_000))
    vote += 1
    for (;;) {
      const pair = market.drawPair(random)
      if ((market.second[pair] ?? 0) < there) return pair
    }
  }
}

const scenes: readonly Scene[] = [
  {
    name: '2 models',
    recipe: 3.4,
    kind: { ...equal, n: 2 },
    votes: 5_000,
    every: 1,
    runs: [600, 100],
    assumed: '5,000 votes, a look at each',
  },
  {
    name: '3 models, chased',
    recipe: 2.2,
    kind: { ...equal, n: 3 },
    votes: 5_000,
    every: 5,
    runs: [500, 100],
    choose: (market) => chased(market, 0.8),
    assumed: '80 % of 5,000 votes chase',
  },
  {
    name: '2 models, 60 % ties',
    recipe: 3.1,
    kind: { n: 2, strengthPoints: 0, ties: 0.6 },
    votes: 5_000,
    every: 1,
    runs: [600, 0],
    assumed: '5,000 votes, a look at each',
  },
  {
    name: 'two equal far above three',
    recipe: 0.8,
    kind: { ...equal, n: 5 },
    votes: 5_000,
    every: 10,
    runs: [500, 0],
    strengths: [300, 300, 0, 0, 0],
    assumed: '300 points above',
  },
  {
    name: '2 models, 5 % and 48 % ties',
    recipe: 1.1,
    kind: { n: 4, strengthPoints: 0, ties: 0.265, tiesSpread: 0.215 },
    votes: 5_000,
    every: 10,
    runs: [500, 0],
    assumed: '4 models, tie rates spread by 20 %',
  },
  {
    name: '10 models, weights 1 to 20',
    recipe: 0.4,
    kind: { ...equal, n: 10 },
    votes: 5_000,
    every: 20,
    runs: [500, 0],
    adjust: unevenly,
  },
  {
    name: '10 models, uniform',
    recipe: 1.8,
    kind: { ...equal, n: 10 },
    votes: 5_000,
    every: 20,
    runs: [500, 100],
  },
  {
    name: 'five tied pairs',
    recipe: [0, 0.2],
    kind: { ...equal, n: 10 },
    votes: 5_000,
    every: 20,
    runs: [500, 0],
    strengths: [400, 400, 300, 300, 200, 200, 100, 100, 0, 0],
    assumed: '100 points between pairs',
  },
  {
    name: 'market growing from 3 to 24 models',
    recipe: 4,
    kind: { ...equal, n: 24 },
    votes: 5_000,
    every: 20,
    runs: [300, 0],
    choose: growing,
    assumed: 'a newcomer every 227 of 5,000 votes, drawn evenly',
  },
  {
    name: '30 models, designed',
    recipe: 3.3,
    kind: { ...equal, n: 30 },
    votes: 5_000,
    every: 20,
    runs: [200, 0],
    choose: designed,
  },
  {
    name: '2 models to 30,000 votes',
    recipe: 1.5,
    kind: { ...equal, n: 2 },
    votes: 30_000,
    every: 20,
    runs: [500, 0],
  },
]

function sceneOnce(scene: Scene, seed: number, isBeside: boolean): readonly number[] {
  const random = openRandom(seed)
  const strengths = scene.strengths?.map((points) => points / POINTS_PER_UNIT)
  const theta = strengths === undefined ? null : centred(Float64Array.from(strengths))
  const drawn =
    theta === null ? openMarket(scene.kind, random) : marketOf(scene.kind, theta, random)
  const market = scene.adjust?.(drawn) ?? drawn
  const choose = scene.choose?.(market)
  const { votes, every } = scene
  const seen = watchClaims({
    market,
    random,
    votes,
    every,
    isBeside,
    isFalseEnough: true,
    ...(choose === undefined ? {} : { choose }),
  })
  return [Number(seen.hasFalse), Number(seen.hasFalseBeside)]
}

const independent = scenes.map((scene): Experiment => {
  const { name, recipe, assumed, runs } = scene
  return {
    table: 'any false claim at any look, equal models',
    cells: [{ name, recipe, beside: 1, ...(assumed === undefined ? {} : { assumed }) }, null],
    runs,
    run: (seed) => sceneOnce(scene, seed, true),
  }
})

/** The recipe does not say how matchups are drawn: its figures are met where they are centred. */
const worlds = [
  {
    matchups: 'centred',
    table: 'any false claim, equal models, centred matchup spread, 5,000 votes',
    recipe: [0, 1.3],
  },
  {
    matchups: 'independent',
    table: 'harsher: matchups that also move who wins on average',
    recipe: null,
  },
] as const

const choosers = [
  ['uniform', undefined],
  ['designed', designed],
  ['mildly chased', (market: Market) => chased(market, 0.2)],
] as const

const spreads = worlds.flatMap(({ matchups, table, recipe }) =>
  [30, 60, 100].flatMap((points) =>
    [4, 6, 10].map((n): Experiment => {
      const kind = { ...equal, n, matchupPoints: points, matchups }
      const about = { recipe: 0, kind, votes: 5_000, every: 50, runs: [0, 0] } as const
      return {
        table,
        cells: choosers.map(([how]) => ({
          name: `${n} models, matchups ${points} points apart, ${how}`,
          recipe,
          ...(how === 'mildly chased' ? { assumed: '20 % of votes chase' } : {}),
        })),
        runs: [recipe === null ? 150 : 300, n === 4 && points === 60 ? 60 : 0],
        run: (seed) =>
          choosers.map(([name, choose], index) => {
            const scene = { ...about, name, ...(choose === undefined ? {} : { choose }) }
            return sceneOnce(scene, seed + index, false)[0] ?? 0
          }),
      }
    }),
  ),
)

const limits = [30, 60, 100].map(
  (matchupPoints): Experiment => ({
    table: 'the known limit: 80 % of votes to the pair that looks decided',
    cells: [
      {
        name: `10 models, centred matchups ${matchupPoints} points apart`,
        recipe: [50, 79],
        assumed: '10 models',
      },
    ],
    runs: [150, 0],
    run: (seed) => {
      const kind = { ...equal, n: 10, matchupPoints, matchups: 'centred' } as const
      const choose = (market: Market): Chooser => chased(market, 0.8)
      const about = { name: '', recipe: 0, votes: 5_000, every: 20, runs: [0, 0] } as const
      return sceneOnce({ ...about, kind, choose }, seed, false).slice(0, 1)
    },
  }),
)

function powerOf(name: string, recipe: number, matchupPoints: number): Experiment {
  const table = 'true claims of 45, strengths 100 points apart, 5,000 votes'
  return {
    table,
    cells: [
      {
        name,
        recipe,
        unit: 'claims',
        assumed: 'designed pairs, a look every 50 votes, all that stand',
      },
    ],
    runs: [300, 60],
    run: (seed) => {
      const random = openRandom(seed)
      const kind = { n: 10, strengthPoints: 100, ties: 0.35, matchupPoints }
      const market = openMarket(kind, random)
      const choose = designed(market)
      return [watchClaims({ market, random, votes: 5_000, every: 50, choose }).everTrue.size]
    },
  }
}

export const falseClaimExperiments: readonly Experiment[] = [
  ...independent,
  ...spreads,
  ...limits,
  powerOf('without matchup spread', 33.3, 0),
  powerOf('matchups 40 points apart', 25.4, 40),
]
