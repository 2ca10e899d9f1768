import type { ClusterCounts, Fit } from './types.ts'

/** A share of votes outside the clusters that is rounding, not votes. */
const ROUNDING = 1e-9
const LEAST_CORRECTION = 1e-12

/**
 * By what factor clusters (raters, or prompts) that repeat themselves widen the variance of the
 * ratings: 1 or more, 1 where they are unknown or a single one holds all votes. Votes that stand in
 * no cluster count as clusters of one vote each (recipe 4).
 */
export function measureDesignEffect(fit: Fit, counts: ClusterCounts | null): number {
  if (counts === null) return 1
  const sums = openSums(fit)
  const cluster = { g: new Float64Array(fit.pairs.models.length), touched: [] as number[] }
  const left = remainderOf(fit, counts)
  let votes = 0
  for (let row = 0; row < counts.cluster.length; row += 1) {
    votes += votesOf(counts, row)
    addResidual(fit, cluster, { counts, row })
    if (counts.cluster[row + 1] === counts.cluster[row]) continue
    sums.add(votes, 1, closeCluster(fit, cluster))
    votes = 0
  }
  sums.add(1, left.votes, left.square)
  return sums.result()
}

type Columns = Pick<ClusterCounts, 'firstWins' | 'secondWins' | 'ties' | 'bothBad'>

function votesOf({ firstWins, secondWins, ties, bothBad }: Columns, row: number): number {
  const decided = (firstWins[row] as number) + (secondWins[row] as number)
  return decided + (ties[row] as number) + (bothBad[row] as number)
}

/** Gathers clusters: how many of so many votes each, and the sum of their g′Vg. */
function openSums({ N, R, r2 }: Fit) {
  let [total, independent] = [0, 0]
  for (let e = 0; e < N.length; e += 1) {
    total += N[e] as number
    independent += (r2[e] as number) * (R[e] as number)
  }
  let [shares2, shares3, most, clustered] = [0, 0, 0, 0]
  const add = (votes: number, clusters: number, square: number): void => {
    if (clusters === 0) return
    const share = votes / total
    shares2 += clusters * share ** 2
    shares3 += clusters * share ** 3
    most = Math.max(most, share)
    clustered += square
  }
  const result = (): number => {
    if (independent === 0 || most > 1 - ROUNDING) return 1
    const correction = 1 - (2 * shares3) / shares2 + shares2
    return Math.max(1, clustered / independent) / Math.max(LEAST_CORRECTION, correction)
  }
  return { add, result }
}

interface Cluster {
  /** Residuals of the cluster's votes per model, and the models where they are not 0. */
  readonly g: Float64Array
  readonly touched: number[]
}

function addResidual(
  { pairs, p, q }: Fit,
  { g, touched }: Cluster,
  { counts, row }: { counts: ClusterCounts; row: number },
): void {
  const e = counts.pair[row] as number
  const half = ((q[e] as number) - (p[e] as number)) / 2
  const left =
    (counts.firstWins[row] as number) * (q[e] as number) -
    (counts.secondWins[row] as number) * (p[e] as number) +
    ((counts.ties[row] as number) + (counts.bothBad[row] as number)) * half
  const i = pairs.first[e] as number
  const j = pairs.second[e] as number
  if (g[i] === 0) touched.push(i)
  g[i] = (g[i] as number) + left
  if (g[j] === 0) touched.push(j)
  g[j] = (g[j] as number) - left
}

/** g′Vg, with `cluster` left empty. */
function closeCluster({ V, pairs }: Fit, { g, touched }: Cluster): number {
  const n = pairs.models.length
  const models = new Set(touched)
  let square = 0
  for (const i of models) {
    let sum = 0
    for (const j of models) sum += (V[i * n + j] as number) * (g[j] as number)
    square += sum * (g[i] as number)
  }
  for (const i of models) g[i] = 0
  touched.length = 0
  return square
}

/** Votes that stand in no cluster, and the sum of their squared residuals times R. */
function remainderOf(fit: Fit, counts: ClusterCounts): { votes: number; square: number } {
  const { pairs, p, q, N, R } = fit
  const left = [pairs.firstWins, pairs.secondWins, pairs.ties, pairs.bothBad].map((all) =>
    all.slice(),
  ) as [Float64Array, Float64Array, Float64Array, Float64Array]
  const known = [counts.firstWins, counts.secondWins, counts.ties, counts.bothBad]
  for (const [kind, column] of known.entries()) {
    const rest = left[kind] as Float64Array
    for (let row = 0; row < column.length; row += 1) {
      const e = counts.pair[row] as number
      rest[e] = (rest[e] as number) - (column[row] as number)
    }
  }
  let [votes, square] = [0, 0]
  for (let e = 0; e < N.length; e += 1) {
    const least = ROUNDING * (N[e] as number)
    const [wins, losses, ties, bothBad] = left.map((rest) =>
      (rest[e] as number) > least ? (rest[e] as number) : 0,
    ) as [number, number, number, number]
    const half = ((q[e] as number) - (p[e] as number)) / 2
    votes += wins + losses + ties + bothBad
    square +=
      (wins * (q[e] as number) ** 2 +
        losses * (p[e] as number) ** 2 +
        (ties + bothBad) * half ** 2) *
      (R[e] as number)
  }
  return { votes, square }
}
