import { type Components, findComponents } from './find-components.ts'
import type { PairCounts } from './types.ts'

/** One component with indexes of its own, so that its matrices hold nothing of the others. */
export interface Island {
  /** The models of the board that it has, the one with most votes last, and how many. */
  readonly members: Int32Array
  readonly n: number
  /** The pairs of the board that it has, ascending. */
  readonly pairs: Int32Array
  /** Per pair: its two models as indexes into `members`. */
  readonly first: Int32Array
  readonly second: Int32Array
  /** Per pair: N, votes; S, points of the first, where a tie is half a point. */
  readonly N: Float64Array
  readonly S: Float64Array
}

/** The islands of a board, in the order of their numbers. */
export function splitIslands(counts: PairCounts): { found: Components; islands: Island[] } {
  const found = findComponents(counts)
  const { component, components } = found
  const votes = votesPerModel(counts)
  const local = new Int32Array(component.length)
  const members: number[][] = Array.from({ length: components }, () => [])
  const pairs: number[][] = Array.from({ length: components }, () => [])
  for (let i = 0; i < component.length; i += 1) {
    const own = members[component[i] as number] as number[]
    const last = own.at(-1)
    // The ground of the island's scale: what most is compared with, loses least to rounding.
    if (last !== undefined && (votes[last] as number) > (votes[i] as number)) own.splice(-1, 0, i)
    else own.push(i)
  }
  for (const own of members) for (const [at, i] of own.entries()) local[i] = at
  for (let e = 0; e < counts.first.length; e += 1)
    pairs[component[counts.first[e] as number] as number]?.push(e)
  return {
    found,
    islands: members.map((own, c) =>
      islandOf(counts, local, { members: own, pairs: pairs[c] as number[] }),
    ),
  }
}

function votesPerModel({ models, first, second, ...columns }: PairCounts): Float64Array {
  const votes = new Float64Array(models.length)
  const { firstWins, secondWins, ties, bothBad } = columns
  for (let e = 0; e < first.length; e += 1) {
    const i = first[e] as number
    const j = second[e] as number
    const decided = (firstWins[e] as number) + (secondWins[e] as number)
    const all = decided + (ties[e] as number) + (bothBad[e] as number)
    votes[i] = (votes[i] as number) + all
    votes[j] = (votes[j] as number) + all
  }
  return votes
}

function islandOf(
  counts: PairCounts,
  local: Int32Array,
  { members, pairs }: { members: number[]; pairs: number[] },
): Island {
  const m = pairs.length
  const island = {
    members: Int32Array.from(members),
    n: members.length,
    pairs: Int32Array.from(pairs),
    first: new Int32Array(m),
    second: new Int32Array(m),
    N: new Float64Array(m),
    S: new Float64Array(m),
  }
  for (let k = 0; k < m; k += 1) {
    const e = pairs[k] as number
    const tied = (counts.ties[e] as number) + (counts.bothBad[e] as number)
    const wins = counts.firstWins[e] as number
    island.first[k] = local[counts.first[e] as number] as number
    island.second[k] = local[counts.second[e] as number] as number
    island.N[k] = wins + (counts.secondWins[e] as number) + tied
    island.S[k] = wins + tied / 2
  }
  return island
}
