import type { PairCounts } from './types.ts'

/** Models that votes join, directly or through others: islands with a scale of their own. */
export interface Components {
  /** The number of its component for each model, from 0, in the order of the models. */
  readonly component: Int32Array
  readonly components: number
}

/** The components of the graph whose edges are pairs with votes. A model without votes is alone. */
export function findComponents(pairs: PairCounts): Components {
  const n = pairs.models.length
  const parent = Int32Array.from({ length: n }, (_, i) => i)
  for (let e = 0; e < pairs.first.length; e += 1) {
    const one = rootOf(parent, pairs.first[e] as number)
    const other = rootOf(parent, pairs.second[e] as number)
    // The smaller index stays root, so that numbering below meets each root first.
    if (one < other) parent[other] = one
    else parent[one] = other
  }
  const component = new Int32Array(n)
  let components = 0
  for (let i = 0; i < n; i += 1) {
    const root = rootOf(parent, i)
    component[i] = root === i ? components : (component[root] as number)
    if (root === i) components += 1
  }
  return { component, components }
}

function rootOf(parent: Int32Array, of: number): number {
  let at = of
  while (parent[at] !== at) {
    const above = parent[parent[at] as number] as number
    parent[at] = above
    at = above
  }
  return at
}

/** Some models of a component that never lost a point to the rest of it, or never scored one. */
export interface Separation {
  /** Indexes of the models, ascending. */
  readonly models: readonly number[]
  readonly how: 'never lost a point' | 'never scored'
}

/**
 * Where the plain likelihood has no maximum: it has one only if in each component every model
 * reaches every other by "scored against". Null: it has one.
 */
export function findSeparation(pairs: PairCounts, { component }: Components): Separation | null {
  const roots = new Map<number, number>()
  for (let i = pairs.models.length - 1; i >= 0; i -= 1) roots.set(component[i] as number, i)
  for (const direction of ['scored', 'conceded'] as const) {
    const reached = reachedFrom([...roots.values()], neighboursOf(pairs, direction))
    const at = reached.indexOf(0)
    if (at === -1) continue
    const members = [...component.keys()].filter((i) => component[i] === component[at])
    const [beyond, within] = [0, 1].map((is) => members.filter((i) => reached[i] === is))
    const isBeyond = (beyond ?? []).length <= (within ?? []).length
    // What one side never lost, the other never scored: told of the smaller one.
    const how = (direction === 'scored') === isBeyond ? 'never lost a point' : 'never scored'
    return { models: (isBeyond ? beyond : within) ?? [], how }
  }
  return null
}

/** Per model, those against whom it scored a point, or to whom it conceded one; a tie is both. */
function neighboursOf(pairs: PairCounts, direction: 'scored' | 'conceded'): number[][] {
  const neighbours: number[][] = pairs.models.map(() => [])
  for (let e = 0; e < pairs.first.length; e += 1) {
    const i = pairs.first[e] as number
    const j = pairs.second[e] as number
    const isTied = (pairs.ties[e] as number) + (pairs.bothBad[e] as number) > 0
    const firstScored = isTied || (pairs.firstWins[e] as number) > 0
    const secondScored = isTied || (pairs.secondWins[e] as number) > 0
    const isScored = direction === 'scored'
    if (isScored ? firstScored : secondScored) neighbours[i]?.push(j)
    if (isScored ? secondScored : firstScored) neighbours[j]?.push(i)
  }
  return neighbours
}

/** 1 for each model that can be reached, 0 for the others. */
function reachedFrom(roots: readonly number[], neighbours: readonly number[][]): Uint8Array {
  const reached = new Uint8Array(neighbours.length)
  const waiting = [...roots]
  for (const root of roots) reached[root] = 1
  for (let i = waiting.pop(); i !== undefined; i = waiting.pop())
    for (const j of neighbours[i] ?? []) {
      if (reached[j] === 1) continue
      reached[j] = 1
      waiting.push(j)
    }
  return reached
}
