import type { ClusterCounts, PairCounts } from './types.ts'

/** Counts of votes: for the first, for the second, ties, both bad. */
export type Four = readonly [number, number, number, number]

/** Sums of four counts under keys: numbers that sort as their meaning does. */
export interface Tally {
  readonly places: Map<number, number>
  readonly sums: number[]
}

export function openTally(): Tally {
  return { places: new Map(), sums: [] }
}

export function addTo({ places, sums }: Tally, key: number, counts: Four): void {
  let at = places.get(key)
  if (at === undefined) {
    at = sums.length
    places.set(key, at)
    sums.push(0, 0, 0, 0)
  }
  for (let kind = 0; kind < 4; kind += 1)
    sums[at + kind] = (sums[at + kind] as number) + (counts[kind] as number)
}

/** A key of two numbers; the second is less than 2^26. */
export function keyOf(one: number, other: number): number {
  return one * 2 ** 26 + other
}

export function partsOf(key: number): readonly [number, number] {
  const one = Math.floor(key / 2 ** 26)
  return [one, key - one * 2 ** 26]
}

/** Keys with at least one vote, ascending, and their counts as four columns. */
function columnsOf(tally: Tally) {
  const total = (at: number): number =>
    [0, 1, 2, 3].reduce((sum, kind) => sum + (tally.sums[at + kind] as number), 0)
  const entries = [...tally.places].filter(([, at]) => total(at) > 0)
  const sorted = entries.toSorted(([one], [other]) => one - other)
  const column = (kind: number): Float64Array =>
    Float64Array.from(sorted, ([, at]) => tally.sums[at + kind] as number)
  return {
    parts: sorted.map(([key]) => partsOf(key)),
    firstWins: column(0),
    secondWins: column(1),
    ties: column(2),
    bothBad: column(3),
  }
}

/** Pair counts from sums under keys of (first, second) as indexes into the sorted `models`. */
export function pairCountsOf(models: readonly string[], tally: Tally): PairCounts {
  const { parts, ...columns } = columnsOf(tally)
  return {
    models,
    first: Int32Array.from(parts, ([first]) => first),
    second: Int32Array.from(parts, ([, second]) => second),
    ...columns,
  }
}

/** Cluster counts from sums under keys of (cluster, pair) as indexes into the pair counts. */
export function clusterCountsOf(clusters: number, tally: Tally): ClusterCounts {
  const { parts, ...columns } = columnsOf(tally)
  return {
    clusters,
    cluster: Int32Array.from(parts, ([cluster]) => cluster),
    pair: Int32Array.from(parts, ([, pair]) => pair),
    ...columns,
  }
}
