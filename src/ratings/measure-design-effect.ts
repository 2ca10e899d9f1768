import { multiplySymmetric } from './matrix.ts'
import type { ClusterCounts, Fit, Matrix } from './types.ts'

/** A share of votes outside the clusters that is rounding, not votes. */
const ROUNDING = 1e-9
const LEAST_CORRECTION = 1e-12
/** Models from which clusters that touch many of them are gathered and multiplied together. */
const MANY_MODELS = 32

/**
 * By what factor clusters (raters, or prompts) that repeat themselves widen the variance of the
 * ratings: 1 or more, 1 where they are unknown or a single one holds all votes. Votes that stand in
 * no cluster count as clusters of one vote each (recipe 4).
 */
export function measureDesignEffect(fit: Fit, counts: ClusterCounts | null): number {
  if (counts === null) return 1
  const moments = openMoments(fit)
  const votes = openShares(fit)
  const left = openRemainder(fit)
  let inCluster = 0
  for (let row = 0; row < counts.cluster.length; row += 1) {
    moments.add(counts, row)
    inCluster += left.take(counts, row)
    if (counts.cluster[row + 1] === counts.cluster[row]) continue
    votes.add(inCluster, 1)
    moments.close()
    inCluster = 0
  }
  const alone = left.count()
  votes.add(1, alone.votes)
  const independent = squaresOf(fit, fit.r2)
  if (independent === 0 || votes.most() > 1 - ROUNDING) return 1
  const raw = (moments.sum() + alone.square) / independent
  return Math.max(1, raw) / votes.correction()
}

/** Σ over pairs of squared residuals times R: what votes would vary if each stood for itself. */
function squaresOf({ R }: Fit, squares: Float64Array): number {
  let sum = 0
  for (let e = 0; e < R.length; e += 1) sum += (squares[e] as number) * (R[e] as number)
  return sum
}

/** Shares of votes of clusters, and what few or unequal clusters hide of their own variance. */
function openShares({ N }: Fit) {
  let total = 0
  for (let e = 0; e < N.length; e += 1) total += N[e] as number
  let shares2 = 0
  let shares3 = 0
  let largest = 0
  const add = (votes: number, clusters: number): void => {
    if (clusters === 0) return
    const share = votes / total
    shares2 += clusters * share ** 2
    shares3 += clusters * share ** 3
    largest = Math.max(largest, share)
  }
  const correction = (): number => Math.max(LEAST_CORRECTION, 1 - (2 * shares3) / shares2 + shares2)
  return { add, most: () => largest, correction }
}

/**
 * Σ over clusters of g′Vg, g the residuals of a cluster's votes per model, as the sum of V times
 * M = Σ gg′. A cluster that touches few models adds to M entry by entry, the others together.
 */
function openMoments({ pairs, p, q, V }: Fit) {
  const n = pairs.models.length
  const M = new Float64Array(n * n)
  const g = new Float64Array(n)
  const isTouched = new Uint8Array(n)
  const touched: number[] = []
  const dense = openDense(M, n)
  const move = (i: number, by: number): void => {
    if (isTouched[i] === 0) {
      isTouched[i] = 1
      touched.push(i)
    }
    g[i] = (g[i] as number) + by
  }
  const add = (counts: ClusterCounts, row: number): void => {
    const e = counts.pair[row] as number
    const [likely, unlikely] = [p[e] as number, q[e] as number]
    const tied = (counts.ties[row] as number) + (counts.bothBad[row] as number)
    const won = (counts.firstWins[row] as number) * unlikely
    const by = won - (counts.secondWins[row] as number) * likely + (tied * (unlikely - likely)) / 2
    move(pairs.first[e] as number, by)
    move(pairs.second[e] as number, -by)
  }
  const close = (): void => {
    if (n >= MANY_MODELS && touched.length > n / 3) dense.add(g, touched)
    else addSquare(M, n, { g, touched })
    for (const i of touched) {
      g[i] = 0
      isTouched[i] = 0
    }
    touched.length = 0
  }
  const sum = (): number => {
    dense.flush()
    return sumOfProducts(V, M, n)
  }
  return { add, close, sum }
}

interface Cluster {
  readonly g: Float64Array
  readonly touched: readonly number[]
}

/** Adds gg′ to the lower triangle. */
function addSquare(M: Matrix, n: number, { g, touched }: Cluster): void {
  for (let a = 0; a < touched.length; a += 1) {
    const i = touched[a] as number
    const own = g[i] as number
    for (let b = 0; b <= a; b += 1) {
      const j = touched[b] as number
      const at = i > j ? i * n + j : j * n + i
      M[at] = (M[at] as number) + own * (g[j] as number)
    }
  }
}

/** Gathers as many clusters as there are models, one a column, and adds their squares at once. */
function openDense(M: Matrix, n: number) {
  let columns: Matrix | null = null
  let count = 0
  const flush = (): void => {
    if (columns === null || count === 0) return
    const product = multiplySymmetric(columns, columns, n)
    for (let at = 0; at < M.length; at += 1) M[at] = (M[at] as number) + (product[at] as number)
    columns.fill(0)
    count = 0
  }
  const add = (g: Float64Array, touched: readonly number[]): void => {
    columns ??= new Float64Array(n * n)
    for (const i of touched) columns[i * n + count] = g[i] as number
    count += 1
    if (count === n) flush()
  }
  return { add, flush }
}

/** Σ V_ij M_ij of two symmetric matrices, by their lower triangles. */
function sumOfProducts(V: Matrix, M: Matrix, n: number): number {
  let sum = 0
  for (let i = 0; i < n; i += 1) {
    const row = i * n
    for (let j = 0; j < i; j += 1) sum += 2 * (V[row + j] as number) * (M[row + j] as number)
    sum += (V[row + i] as number) * (M[row + i] as number)
  }
  return sum
}

/** What clusters leave over of the votes of each pair. */
function openRemainder(fit: Fit) {
  const { pairs, p, q, N } = fit
  const wins = pairs.firstWins.slice()
  const losses = pairs.secondWins.slice()
  const tied = pairs.ties.map((ties, e) => ties + (pairs.bothBad[e] as number))
  /** Takes a row away, and says how many votes it holds. */
  const take = (counts: ClusterCounts, row: number): number => {
    const e = counts.pair[row] as number
    const won = counts.firstWins[row] as number
    const lost = counts.secondWins[row] as number
    const even = (counts.ties[row] as number) + (counts.bothBad[row] as number)
    wins[e] = (wins[e] as number) - won
    losses[e] = (losses[e] as number) - lost
    tied[e] = (tied[e] as number) - even
    return won + lost + even
  }
  /** The votes that are left, and the sum of their squared residuals times R. */
  const count = (): { votes: number; square: number } => {
    let votes = 0
    const squares = N.map((all, e) => {
      const kept = (left: number): number => (left > ROUNDING * all ? left : 0)
      const won = kept(wins[e] as number)
      const lost = kept(losses[e] as number)
      const even = kept(tied[e] as number)
      const half = ((q[e] as number) - (p[e] as number)) / 2
      votes += won + lost + even
      return won * (q[e] as number) ** 2 + lost * (p[e] as number) ** 2 + even * half ** 2
    })
    return { votes, square: squaresOf(fit, squares) }
  }
  return { take, count }
}
