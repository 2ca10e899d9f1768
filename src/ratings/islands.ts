import { type Components, findComponents } from './find-components.ts'
import type { PairCounts } from './types.ts'

/** One component with indexes of its own, so that its matrices hold nothing of the others. */
export interface Island {
  /** The models of the board that it has, ascending, and how many. */
  readonly members: Int32Array
  readonly n: number
  /** The pairs of the board that it has, ascending. */
  readonly pairs: Int32Array
  /** Per pair: its two models as indexes into `members`, first < second. */
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
  const local = new Int32Array(component.length)
  const members: number[][] = Array.from({ length: components }, () => [])
  const pairs: number[][] = Array.from({ length: components }, () => [])
  for (let i = 0; i < component.length; i += 1) {
    const own = members[component[i] as number] as number[]
    local[i] = own.length
    own.push(i)
  }
  for (let e = 0; e < counts.first.length; e += 1)
    pairs[component[counts.first[e] as number] as number]?.push(e)
  return {
    found,
    islands: members.map((own, c) =>
      islandOf(counts, local, { members: own, pairs: pairs[c] as number[] }),
    ),
  }
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
