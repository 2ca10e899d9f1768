import { assert } from '../kernel/index.ts'
import { at } from './at.ts'
import { factorise } from './matrix.ts'
import type { Fit, Matrix, Uncertainty } from './types.ts'

export interface BestOptions {
  /** Numbers at least 0 and below 1, evenly spread and independent. */
  readonly random: () => number
  readonly draws?: number
}

/**
 * P(best): for each model the share of draws from N(θ, Ṽ) in which it is the best of its
 * component, 0 to 1; null for a model without votes. 10,000 draws unless told otherwise, so a
 * share below 0.01 is shown as "< 1 %".
 */
export function rateBest(
  fit: Fit,
  uncertainty: Pick<Uncertainty, 'Vtotal'>,
  { random, draws = 10_000 }: BestOptions,
): (number | null)[] {
  const members = Array.from({ length: fit.components }, (): number[] => [])
  for (const [model, component] of fit.component.entries()) members[component]?.push(model)
  const shares: (number | null)[] = new Array(fit.theta.length).fill(null)
  const normal = normalFrom(random)
  for (const models of members) {
    if (models.length < 2) continue
    const counts = countBest({ fit, covariance: uncertainty.Vtotal, models }, draws, normal)
    for (const [place, model] of models.entries()) shares[model] = at(counts, place) / draws
  }
  return shares
}

interface Island {
  readonly fit: Fit
  readonly covariance: Matrix
  readonly models: readonly number[]
}

function countBest(island: Island, draws: number, normal: () => number): Int32Array {
  const size = island.models.length
  const factor = factorOf(island)
  const counts = new Int32Array(size)
  const noise = new Float64Array(size)
  for (let draw = 0; draw < draws; draw++) {
    for (let k = 0; k < size; k++) noise[k] = normal()
    let best = 0
    let most = Number.NEGATIVE_INFINITY
    for (const [place, model] of island.models.entries()) {
      let value = at(island.fit.theta, model)
      for (let k = 0; k <= place; k++) value += at(factor, place * size + k) * at(noise, k)
      if (value > most) [best, most] = [place, value]
    }
    counts[best] = at(counts, best) + 1
  }
  return counts
}

/**
 * The factor of Ṽ + c·11', c the mean of the diagonal: strengths sum to 0, so Ṽ alone is
 * singular; a shift of all of them changes no order.
 */
function factorOf({ fit, covariance, models }: Island): Matrix {
  const n = fit.theta.length
  const size = models.length
  const mean = models.reduce((sum, model) => sum + at(covariance, model * n + model), 0) / size
  const factor = new Float64Array(size * size)
  for (const [row, model] of models.entries())
    for (const [column, rival] of models.entries())
      factor[row * size + column] = at(covariance, model * n + rival) + mean
  assert(factorise(factor, size), 'ratings: the covariance of a component is positive definite')
  return factor
}

/** Standard normal numbers by the polar method. */
function normalFrom(random: () => number): () => number {
  let spare: number | null = null
  return () => {
    if (spare !== null) {
      const kept = spare
      spare = null
      return kept
    }
    for (;;) {
      const [x, y] = [2 * random() - 1, 2 * random() - 1]
      const square = x * x + y * y
      if (square >= 1 || square === 0) continue
      const scale = Math.sqrt((-2 * Math.log(square)) / square)
      spare = y * scale
      return x * scale
    }
  }
}
