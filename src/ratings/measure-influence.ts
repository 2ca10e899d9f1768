import { at } from './at.ts'
import { claimBoard } from './claim-board.ts'
import { type Board, rateBoard } from './rate-board.ts'
import type { ClusterCounts, Fit, PairCounts, Votes } from './types.ts'
import type { BoardClaims } from './types-claims.ts'
import type { RaterInfluence } from './types-diagnosis.ts'

const LISTED = 3

/**
 * The raters who move the board most (three, unless `most` says otherwise), by g′Vg of their
 * residuals, each with what the board says without them: it is rated anew.
 * Empty where raters are unknown or fewer than two voted.
 */
export function measureInfluence(
  board: Board,
  claims: BoardClaims,
  most: number = LISTED,
): RaterInfluence[] {
  const { raters } = board.votes
  if (raters === null) return []
  const weights = weighRaters(board.fit, raters)
  const active = [...weights].filter(({ votes }) => votes > 0)
  if (active.length < 2) return []
  return active
    .toSorted((one, other) => other.weight - one.weight)
    .slice(0, most)
    .map((weight) => compare(board, claims, { raters, ...weight }))
}

interface Weight {
  readonly rater: number
  readonly votes: number
  readonly weight: number
}

function weighRaters(fit: Fit, raters: ClusterCounts): Weight[] {
  const weights: Weight[] = []
  let residual = new Map<number, number>()
  let votes = 0
  for (let row = 0; row < raters.cluster.length; row++) {
    votes += addRow(fit, raters, { row, residual })
    if (raters.cluster[row + 1] === raters.cluster[row]) continue
    weights.push({ rater: at(raters.cluster, row), votes, weight: squareOf(fit, residual) })
    residual = new Map()
    votes = 0
  }
  return weights
}

/** Adds a row's residual to both models; returns its votes. */
function addRow(
  { pairs, p, q }: Fit,
  counts: ClusterCounts,
  { row, residual }: { readonly row: number; readonly residual: Map<number, number> },
): number {
  const e = at(counts.pair, row)
  const tied = at(counts.ties, row) + at(counts.bothBad, row)
  const [wins, losses] = [at(counts.firstWins, row), at(counts.secondWins, row)]
  const left = wins * at(q, e) - losses * at(p, e) + (tied * (at(q, e) - at(p, e))) / 2
  const [i, j] = [at(pairs.first, e), at(pairs.second, e)]
  residual.set(i, (residual.get(i) ?? 0) + left)
  residual.set(j, (residual.get(j) ?? 0) - left)
  return wins + losses + tied
}

function squareOf({ V, pairs }: Fit, residual: ReadonlyMap<number, number>): number {
  const n = pairs.models.length
  let square = 0
  for (const [i, one] of residual)
    for (const [j, other] of residual) square += one * other * at(V, i * n + j)
  return square
}

function compare(
  board: Board,
  claims: BoardClaims,
  { raters, rater, votes }: Weight & { readonly raters: ClusterCounts },
): RaterInfluence {
  const { fit, uncertainty } = board
  const without = rateBoard(removeRater(board.votes, raters, rater), {
    start: fit,
    stated: { prompt: uncertainty.designEffect.prompt },
  })
  const claimsThen = claimBoard(without)
  const apart = fit.theta.map((theta, i) => at(without.fit.theta, i) - theta)
  const moved = apart.reduce(
    (most, by, i) => (Math.abs(by) > Math.abs(at(apart, most)) ? i : most),
    0,
  )
  const count = (one: Uint8Array, other: Uint8Array) =>
    one.reduce((sum, is, index) => sum + (is === 1 && other[index] !== 1 ? 1 : 0), 0)
  return {
    rater,
    votes,
    share: votes / fit.N.reduce((sum, N) => sum + N, 0),
    leader: leaderOf(fit),
    leaderWithout: leaderOf(without.fit),
    moved,
    movedBy: at(apart, moved),
    claimsLost: count(claims.certified, claimsThen.certified),
    claimsGained: count(claimsThen.certified, claims.certified),
  }
}

/** The strongest model of the largest component. */
export function leaderOf({ theta, component, components }: Fit): number {
  const sizes = new Int32Array(components)
  for (const of of component) sizes[of] = at(sizes, of) + 1
  const largest = sizes.indexOf(sizes.reduce((most, size) => Math.max(most, size), 0))
  return [...theta.keys()]
    .filter((model) => component[model] === largest)
    .reduce((best, model) => (at(theta, model) > at(theta, best) ? model : best))
}

const COLUMNS = ['firstWins', 'secondWins', 'ties', 'bothBad'] as const
/** Less of a vote than this is what subtraction leaves. */
const ROUNDING = 1e-9

/** The votes without one rater's. On what prompts those were is not known: none are left. */
function removeRater(votes: Votes, raters: ClusterCounts, rater: number): Votes {
  const left = COLUMNS.map((column) => votes.pairs[column].slice())
  const rows: number[] = []
  for (let row = 0; row < raters.cluster.length; row++) {
    if (raters.cluster[row] !== rater) {
      rows.push(row)
      continue
    }
    const e = at(raters.pair, row)
    for (const [kind, column] of COLUMNS.entries()) {
      const numbers = left[kind] ?? new Float64Array(0)
      const rest = at(numbers, e) - at(raters[column], row)
      numbers[e] = rest > ROUNDING ? rest : 0
    }
  }
  const kept = [...votes.pairs.first.keys()].filter((e) =>
    left.some((numbers) => at(numbers, e) > 0),
  )
  const place = new Map(kept.map((e, index) => [e, index]))
  return {
    pairs: pick(votes.pairs, left, kept),
    raters: {
      clusters: raters.clusters,
      cluster: Int32Array.from(rows, (row) => at(raters.cluster, row)),
      pair: Int32Array.from(rows, (row) => place.get(at(raters.pair, row)) ?? 0),
      firstWins: Float64Array.from(rows, (row) => at(raters.firstWins, row)),
      secondWins: Float64Array.from(rows, (row) => at(raters.secondWins, row)),
      ties: Float64Array.from(rows, (row) => at(raters.ties, row)),
      bothBad: Float64Array.from(rows, (row) => at(raters.bothBad, row)),
    },
    prompts: null,
  }
}

function pick(pairs: PairCounts, left: readonly Float64Array[], kept: readonly number[]) {
  const column = (kind: number) =>
    Float64Array.from(kept, (e) => at(left[kind] ?? new Float64Array(0), e))
  return {
    models: pairs.models,
    first: Int32Array.from(kept, (e) => at(pairs.first, e)),
    second: Int32Array.from(kept, (e) => at(pairs.second, e)),
    firstWins: column(0),
    secondWins: column(1),
    ties: column(2),
    bothBad: column(3),
  }
}
