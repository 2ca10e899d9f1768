import { checkPairCounts } from './check-counts.ts'
import { refuse } from './errors.ts'
import { findSeparation } from './find-components.ts'
import { fitIsland, type IslandFit } from './fit-island.ts'
import { type Island, splitIslands } from './islands.ts'
import type { Fit, PairCounts } from './types.ts'

export interface FitOptions {
  /** `penalised` (Jeffreys, always finite) unless `mle`, the plain optimum, is asked for. */
  readonly method?: Fit['method']
  /** An earlier fit to start from, of any votes: models are matched by name. */
  readonly start?: Pick<Fit, 'theta' | 'pairs'>
}

/**
 * The strengths that the votes show: one scale for each component, a tie (and both bad) half a
 * point to each side. `bothBad` counts as a tie. Exact: Newton's method to the last digit.
 * Refuses pair counts that break their rules (`ratings_bad_counts`), and for `mle` votes whose
 * likelihood has no maximum (`ratings_no_maximum`).
 */
export function fitRatings(pairs: PairCounts, options: FitOptions = {}): Fit {
  const { method = 'penalised', start } = options
  checkPairCounts(pairs)
  const { found, islands } = splitIslands(pairs)
  if (method === 'mle') refuseSeparated(pairs, found)
  const from = start === undefined ? null : alignedStart(pairs, start)
  const fits = islands.map((island) =>
    fitIsland(island, method, from === null ? null : pick(from, island.members)),
  )
  return { method, pairs, ...found, ...joinIslands(pairs, islands, fits) }
}

function refuseSeparated(pairs: PairCounts, found: Parameters<typeof findSeparation>[1]): void {
  const separation = findSeparation(pairs, found)
  if (separation === null) return
  const names = separation.models.map((i) => pairs.models[i] ?? '')
  const some = names.slice(0, 3).map((name) => JSON.stringify(name))
  const more = names.length > 3 ? ` and ${names.length - 3} more` : ''
  throw refuse(
    'ratings_no_maximum',
    `There is no exact optimum: ${some.join(', ')}${more} ${separation.how} against the rest. ` +
      'Use the penalised method.',
    { details: { models: names } },
  )
}

/** θ of an earlier fit in the order of these models; 0 for who is new. */
function alignedStart(pairs: PairCounts, start: Pick<Fit, 'theta' | 'pairs'>): Float64Array {
  const at = new Map(start.pairs.models.map((name, i) => [name, i]))
  return Float64Array.from(pairs.models, (name) => start.theta[at.get(name) ?? -1] ?? 0)
}

function pick(from: Float64Array, indexes: Int32Array): Float64Array {
  return Float64Array.from(indexes, (i) => from[i] as number)
}

/** The arrays of the whole board from those of its islands. */
function joinIslands(pairs: PairCounts, islands: readonly Island[], fits: readonly IslandFit[]) {
  const n = pairs.models.length
  const m = pairs.first.length
  const whole = {
    theta: new Float64Array(n),
    V: new Float64Array(n * n),
    N: new Float64Array(m),
    p: new Float64Array(m),
    q: new Float64Array(m),
    weight: new Float64Array(m),
    R: new Float64Array(m),
    h: new Float64Array(m),
    r2: new Float64Array(m),
    information: new Float64Array(n),
  }
  for (const [at, island] of islands.entries()) {
    const fitted = fits[at] as IslandFit
    placeModels(whole, island, fitted)
    scatter(whole.N, island.N, island.pairs)
    scatter(whole.p, fitted.p, island.pairs)
    scatter(whole.q, fitted.q, island.pairs)
    scatter(whole.weight, fitted.weight, island.pairs)
    scatter(whole.R, fitted.R, island.pairs)
  }
  describePairs(pairs, whole)
  return {
    ...whole,
    gradientNorm: Math.max(0, ...fits.map(({ gradientNorm }) => gradientNorm)),
    steps: Math.max(0, ...fits.map(({ steps }) => steps)),
    logLikelihood: fits.reduce((sum, { logLikelihood }) => sum + logLikelihood, 0),
  }
}

function scatter(whole: Float64Array, part: Float64Array, at: Int32Array): void {
  for (let k = 0; k < at.length; k += 1) whole[at[k] as number] = part[k] as number
}

function placeModels(
  whole: Pick<Fit, 'theta' | 'V'>,
  { members, n }: Island,
  { theta, V }: IslandFit,
): void {
  const size = whole.theta.length
  for (let a = 0; a < n; a += 1) {
    const i = members[a] as number
    whole.theta[i] = theta[a] as number
    for (let b = 0; b <= a; b += 1) {
      const value = V[a * n + b] as number
      const j = members[b] as number
      whole.V[i * size + j] = value
      whole.V[j * size + i] = value
    }
  }
}

/** h, r² and the information of each model. */
function describePairs(
  pairs: PairCounts,
  whole: Pick<Fit, 'p' | 'q' | 'weight' | 'R' | 'h' | 'r2' | 'information'>,
): void {
  const { p, q, weight, R, h, r2, information } = whole
  for (let e = 0; e < p.length; e += 1) {
    const i = pairs.first[e] as number
    const j = pairs.second[e] as number
    const half = ((q[e] as number) - (p[e] as number)) / 2
    const tied = (pairs.ties[e] as number) + (pairs.bothBad[e] as number)
    h[e] = (weight[e] as number) * (R[e] as number)
    r2[e] =
      (pairs.firstWins[e] as number) * (q[e] as number) ** 2 +
      (pairs.secondWins[e] as number) * (p[e] as number) ** 2 +
      tied * half ** 2
    information[i] = (information[i] as number) + (weight[e] as number)
    information[j] = (information[j] as number) + (weight[e] as number)
  }
}
