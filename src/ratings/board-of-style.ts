import { at } from './at.ts'
import { addTo } from './dense.ts'
import { logistic } from './logistic.ts'
import type { Fit, PairCounts } from './types.ts'
import type { StyledVotes, StyleFit } from './types-models.ts'

/**
 * A fit with style taken out, as the fit of a board, so that uncertainty, intervals and claims
 * follow as on any other (`measureUncertainty`, `measureIntervals`, `claimBoard`). V is of the
 * joint Hessian, so what style leaves open widens it; a pair's p is the mean of its votes'.
 * Both bad count as ties. `R`, `h` and what follows are of strengths alone.
 */
export function boardOfStyle(votes: StyledVotes, style: StyleFit): Fit {
  const sums = sumPairs(votes, style)
  const pairs: PairCounts = { models: votes.models, ...sums.counts }
  const n = votes.models.length
  const { V } = style
  const R = Float64Array.from(pairs.first, (i, e) => {
    const j = at(pairs.second, e)
    return at(V, i * n + i) + at(V, j * n + j) - 2 * at(V, i * n + j)
  })
  const information = new Float64Array(n)
  for (const [e, weight] of sums.weight.entries()) {
    addTo(information, at(pairs.first, e), weight)
    addTo(information, at(pairs.second, e), weight)
  }
  return {
    method: style.isPenalised ? 'penalised' : 'mle',
    pairs,
    theta: style.theta,
    component: style.component,
    components: style.components,
    V,
    N: sums.N,
    p: sums.p.map((sum, e) => sum / at(sums.N, e)),
    q: sums.q.map((sum, e) => sum / at(sums.N, e)),
    weight: sums.weight,
    R,
    h: sums.weight.map((weight, e) => weight * at(R, e)),
    r2: sums.r2,
    information,
    gradientNorm: style.gradientNorm,
    steps: style.steps,
    logLikelihood: style.logLikelihood,
  }
}

/** Sums over the votes of each pair, by its first model. */
function sumPairs(votes: StyledVotes, style: StyleFit) {
  const n = votes.models.length
  const keys = Float64Array.from(votes.left, (left, vote) => {
    const right = at(votes.right, vote)
    return left < right ? left * n + right : right * n + left
  })
  const sorted = [...new Set(keys)].toSorted((one, other) => one - other)
  const place = new Map(sorted.map((key, e) => [key, e]))
  const column = () => new Float64Array(sorted.length)
  const sums = { N: column(), p: column(), q: column(), weight: column(), r2: column() }
  const counts = {
    first: Int32Array.from(sorted, (key) => Math.floor(key / n)),
    second: Int32Array.from(sorted, (key) => key % n),
    firstWins: column(),
    secondWins: column(),
    ties: column(),
    bothBad: column(),
  }
  for (let vote = 0; vote < votes.points.length; vote++) {
    const e = place.get(at(keys, vote)) ?? 0
    const isTurned = at(votes.left, vote) > at(votes.right, vote)
    const lean = isTurned ? -at(style.lean, vote) : at(style.lean, vote)
    const points = isTurned ? 1 - at(votes.points, vote) : at(votes.points, vote)
    const [p, q] = [logistic(lean), logistic(-lean)]
    addTo(sums.N, e, 1)
    addTo(sums.p, e, p)
    addTo(sums.q, e, q)
    addTo(sums.weight, e, p * q)
    addTo(sums.r2, e, (points - p) ** 2)
    addTo(points === 1 ? counts.firstWins : points === 0 ? counts.secondWins : counts.ties, e, 1)
  }
  return { ...sums, counts }
}
