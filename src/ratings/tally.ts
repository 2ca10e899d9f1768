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

/** Keys with at least one vote, ascending: both their numbers, and their counts as four columns. */
function columnsOf({ places, sums }: Tally) {
  const keys = new Float64Array(places.size)
  let held = 0
  for (const [key, at] of places) {
    let total = 0
    for (let kind = 0; kind < 4; kind += 1) total += sums[at + kind] as number
    if (total > 0) {
      keys[held] = key
      held += 1
    }
  }
  // As numbers, and in the engine's own sort: of millions of keys, tuples would take seconds.
  const sorted = keys.subarray(0, held).sort()
  const rows = Int32Array.from(sorted, (key) => places.get(key) ?? 0)
  const column = (kind: number): Float64Array =>
    Float64Array.from(rows, (at) => sums[at + kind] as number)
  return {
    one: Int32Array.from(sorted, (key) => Math.floor(key / 2 ** 26)),
    other: Int32Array.from(sorted, (key) => key % 2 ** 26),
    columns: {
      firstWins: column(0),
      secondWins: column(1),
      ties: column(2),
      bothBad: column(3),
    },
  }
}

/** Pair counts from sums under keys of (first, second) as indexes into the sorted `models`. */
export function pairCountsOf(models: readonly string[], tally: Tally): PairCounts {
  const { one, other, columns } = columnsOf(tally)
  return { models, first: one, second: other, ...columns }
}

/** Cluster counts from sums under keys of (cluster, pair) as indexes into the pair counts. */
export function clusterCountsOf(clusters: number, tally: Tally): ClusterCounts {
  const { one, other, columns } = columnsOf(tally)
  return { clusters, cluster: one, pair: other, ...columns }
}
