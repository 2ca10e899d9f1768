import type { ClusterCounts, PairCounts, Votes } from '../ratings/index.ts'

/** Counts of one pair of models, as the store has them. */
export interface PairRow {
  readonly pair: number
  /** Ids of its models: the first and the second of the pair. */
  readonly first: string
  readonly second: string
  /** First chosen, second chosen, tie, both bad. */
  readonly counts: readonly [number, number, number, number]
}

/** Counts of one rater, or of one prompt: pairs, and eight (four counted, four over) for each. */
export interface ClusterRow {
  readonly key: string
  readonly pair: number
  readonly counts: readonly number[]
}

/** A change of one vote. */
export interface CountMove {
  readonly pair: number
  readonly rater: string
  readonly outcome: number
  readonly sign: number
  readonly isOver: boolean
}

/** What a model of the counts is called, by its id; the same name twice is one model. */
export type Names = ReadonlyMap<string, string>

/** The counts of one board in memory, changed move by move. */
export interface LiveCounts {
  addPair(row: PairRow): void
  addRater(row: ClusterRow): void
  /** Takes the place of what was known of the prompt. */
  setPrompt(key: string, rows: readonly Omit<ClusterRow, 'key'>[]): void
  move(move: CountMove): void
  /** Whether the pair's models are known. */
  hasPair(pair: number): boolean
  /** Ids of the pair's first and second; null: it is not known. */
  endsOf(pair: number): readonly [string, string] | null
  /** Rows of raters: what a measurement of all of them costs. */
  readonly raterRows: number
  readonly modelIds: readonly string[]
  /**
   * What is rated. `raters: 'totals'`: each rater as one row of all their votes, on no pair in
   * particular. It says how many voted and how much, not what they do to errors, and is cheap.
   */
  votes(names: Names, what: { readonly raters: 'all' | 'totals' }): Votes
}

const KINDS = 4
/** Of each pair of a cluster: four that count, four beyond the cap. */
const WIDTH = 2 * KINDS

/** The pairs of one rater or prompt: places of pairs, ascending, with `WIDTH` counts each. */
interface Cluster {
  places: Int32Array
  counts: Uint16Array | Float64Array
  size: number
  /** Votes that count, and those beyond the cap. */
  counted: number
  over: number
}

interface Table {
  readonly clusters: Map<string, Cluster>
  rows: number
}

export function openLiveCounts(): LiveCounts {
  const placeOf = new Map<number, number>()
  const ends: (readonly [string, string])[] = []
  let counts = new Float64Array(64 * KINDS)
  const models = new Set<string>()
  const raters: Table = { clusters: new Map(), rows: 0 }
  const prompts: Table = { clusters: new Map(), rows: 0 }

  function placeFor(pair: number): number {
    return placeOf.get(pair) ?? -1
  }

  const live: LiveCounts = {
    addPair({ pair, first, second, counts: four }) {
      const place = ends.length
      placeOf.set(pair, place)
      ends.push([first, second])
      models.add(first).add(second)
      if (counts.length < ends.length * KINDS) counts = grow(counts, counts.length * 2)
      counts.set(four, place * KINDS)
    },
    addRater: ({ key, pair, counts: eight }) => addRow(raters, key, [placeFor(pair), eight]),
    setPrompt(key, rows) {
      prompts.rows -= prompts.clusters.get(key)?.size ?? 0
      prompts.clusters.delete(key)
      for (const row of rows) addRow(prompts, key, [placeFor(row.pair), row.counts])
    },
    move({ pair, rater, outcome, sign, isOver }) {
      const place = placeFor(pair)
      const delta = new Array<number>(WIDTH).fill(0)
      delta[outcome + (isOver ? KINDS : 0)] = sign
      addRow(raters, rater, [place, delta])
      const at = place * KINDS + outcome
      if (!isOver) counts[at] = (counts[at] as number) + sign
    },
    hasPair: (pair) => placeOf.has(pair),
    endsOf: (pair) => ends[placeFor(pair)] ?? null,
    get raterRows() {
      return raters.rows
    },
    get modelIds() {
      return [...models]
    },
    votes(names, what) {
      const isOne = countVoters(raters) === 1
      const layout = layOut(ends, names)
      const all = isOne ? withOver(counts, raters) : counts
      return {
        pairs: pairsOf(layout, all),
        raters: what.raters === 'all' ? clustersOf(raters, layout, isOne) : totalsOf(raters, isOne),
        prompts: prompts.rows === 0 ? null : clustersOf(prompts, layout, false),
      }
    },
  }
  return live
}

function grow<A extends Int32Array | Float64Array | Uint16Array>(array: A, length: number): A {
  const larger = new (array.constructor as new (size: number) => A)(length)
  larger.set(array as never)
  return larger
}

function addRow(
  table: Table,
  key: string,
  [place, counts]: readonly [number, readonly number[]],
): void {
  if (place < 0) return
  const cluster = table.clusters.get(key) ?? openCluster(table, key)
  const at = findPlace(cluster, place)
  if (at === cluster.size || cluster.places[at] !== place) {
    insertRow(cluster, at, place)
    table.rows += 1
  }
  for (const [kind, count] of counts.entries()) {
    if (kind < KINDS) cluster.counted += count
    else cluster.over += count
    const sum = (cluster.counts[at * WIDTH + kind] as number) + count
    if (sum > 65_535 && cluster.counts instanceof Uint16Array)
      cluster.counts = Float64Array.from(cluster.counts)
    cluster.counts[at * WIDTH + kind] = sum
  }
}

function openCluster(table: Table, key: string): Cluster {
  const cluster: Cluster = {
    places: new Int32Array(4),
    counts: new Uint16Array(4 * WIDTH),
    size: 0,
    counted: 0,
    over: 0,
  }
  table.clusters.set(key, cluster)
  return cluster
}

/** The first row whose place is not below `place`. */
function findPlace({ places, size }: Cluster, place: number): number {
  let [low, high] = [0, size]
  if (size > 0 && (places[size - 1] as number) < place) return size
  while (low < high) {
    const middle = (low + high) >> 1
    if ((places[middle] as number) < place) low = middle + 1
    else high = middle
  }
  return low
}

function insertRow(cluster: Cluster, at: number, place: number): void {
  if (cluster.size === cluster.places.length) {
    const length = Math.ceil(cluster.size * 1.5)
    cluster.places = grow(cluster.places, length)
    cluster.counts = grow(cluster.counts, length * WIDTH)
  }
  cluster.places.copyWithin(at + 1, at, cluster.size)
  cluster.counts.copyWithin((at + 1) * WIDTH, at * WIDTH, cluster.size * WIDTH)
  cluster.places[at] = place
  cluster.counts.fill(0, at * WIDTH, (at + 1) * WIDTH)
  cluster.size += 1
}

/** Raters that have any vote, counted no further than 2. */
function countVoters({ clusters }: Table): number {
  let voters = 0
  for (const { counted, over } of clusters.values()) {
    if (counted + over > 0) voters += 1
    if (voters > 1) break
  }
  return voters
}

/** A board of one rater has no cap. */
function withOver(counts: Float64Array, { clusters }: Table): Float64Array {
  const all = counts.slice()
  for (const cluster of clusters.values())
    for (let row = 0; row < cluster.size; row += 1)
      for (let kind = 0; kind < KINDS; kind += 1) {
        const at = (cluster.places[row] as number) * KINDS + kind
        all[at] = (all[at] as number) + (cluster.counts[row * WIDTH + KINDS + kind] as number)
      }
  return all
}

/** Where each place of a pair stands among the pairs of the ratings. */
interface Layout {
  readonly models: readonly string[]
  readonly pairs: number
  readonly first: Int32Array
  readonly second: Int32Array
  /** By place; −1: the two are one model by now. */
  readonly pairOf: Int32Array
  /** By place: whether the pair's first is the second there. */
  readonly isTurned: Uint8Array
}

function layOut(ends: readonly (readonly [string, string])[], names: Names): Layout {
  const nameOf = (id: string): string => names.get(id) ?? id
  const models = [...new Set(ends.flat().map(nameOf))].sort((a, b) => (a < b ? -1 : 1))
  const indexOf = new Map(models.map((name, index) => [name, index]))
  const index = (id: string): number => indexOf.get(nameOf(id)) ?? 0
  const n = models.length
  const keys = Float64Array.from(ends, ([first, second]) => {
    const [i, j] = [index(first), index(second)]
    return i === j ? -1 : Math.min(i, j) * n + Math.max(i, j)
  })
  const sorted = Float64Array.from(new Set(keys.filter((key) => key >= 0))).sort()
  const pairAt = new Map(Array.from(sorted, (key, pair) => [key, pair]))
  return {
    models,
    pairs: sorted.length,
    first: Int32Array.from(sorted, (key) => Math.floor(key / n)),
    second: Int32Array.from(sorted, (key) => key % n),
    pairOf: Int32Array.from(keys, (key) => pairAt.get(key) ?? -1),
    isTurned: Uint8Array.from(ends, ([first, second]) => (index(first) > index(second) ? 1 : 0)),
  }
}

type Four = readonly [Float64Array, Float64Array, Float64Array, Float64Array]

function openFour(size: number): Four {
  const make = (): Float64Array => new Float64Array(size)
  return [make(), make(), make(), make()]
}

/** Adds four counts that begin at `from` to a row, turned with the pair. */
function addFour(
  columns: Four,
  row: number,
  { counts, from, isTurned }: { counts: ArrayLike<number>; from: number; isTurned: boolean },
): void {
  for (let kind = 0; kind < KINDS; kind += 1) {
    const column = columns[isTurned && kind < 2 ? 1 - kind : kind] as Float64Array
    column[row] = (column[row] as number) + (counts[from + kind] as number)
  }
}

/** All pairs that have votes; models without any stand there too. */
function pairsOf(layout: Layout, counts: Float64Array): PairCounts {
  const columns = openFour(layout.pairs)
  for (const [place, pair] of layout.pairOf.entries()) {
    if (pair < 0) continue
    addFour(columns, pair, { counts, from: place * KINDS, isTurned: layout.isTurned[place] === 1 })
  }
  const [firstWins, secondWins, ties, bothBad] = columns
  const { models, first, second } = layout
  return dropEmpty({ models, first, second, firstWins, secondWins, ties, bothBad }, layout)
}

/** Pairs whose votes were all set aside go; clusters follow by the layout. */
function dropEmpty(pairs: PairCounts, layout: Layout): PairCounts {
  const { firstWins, secondWins, ties, bothBad } = pairs
  const kept = firstWins.map(
    (wins, e) => wins + (secondWins[e] as number) + (ties[e] as number) + (bothBad[e] as number),
  )
  if (kept.every((votes) => votes > 0)) return pairs
  const numbers = new Int32Array(kept.length).fill(-1)
  let next = 0
  for (const [e, votes] of kept.entries()) if (votes > 0) numbers[e] = next++
  for (const [place, pair] of layout.pairOf.entries())
    if (pair >= 0) layout.pairOf[place] = numbers[pair] as number
  const has = (_: number, e: number): boolean => (kept[e] as number) > 0
  return {
    models: pairs.models,
    first: pairs.first.filter(has),
    second: pairs.second.filter(has),
    firstWins: firstWins.filter(has),
    secondWins: secondWins.filter(has),
    ties: ties.filter(has),
    bothBad: bothBad.filter(has),
  }
}

/** Clusters by the order of their keys; rows by pair. Rows without votes are left out. */
function clustersOf(table: Table, layout: Layout, hasOver: boolean): ClusterCounts {
  const cluster = new Int32Array(table.rows)
  const pair = new Int32Array(table.rows)
  const columns = openFour(table.rows)
  let [rows, clusters] = [0, 0]
  for (const [, one] of [...table.clusters].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const before = rows
    for (const row of sortRows(one, layout)) {
      const place = one.places[row] as number
      const votes = sumOf(one.counts, row * WIDTH, hasOver ? WIDTH : KINDS)
      if (votes === 0) continue
      const at = layout.pairOf[place] as number
      const isSame = rows > before && pair[rows - 1] === at
      const into = isSame ? rows - 1 : rows++
      cluster[into] = clusters
      pair[into] = at
      const isTurned = layout.isTurned[place] === 1
      addFour(columns, into, { counts: one.counts, from: row * WIDTH, isTurned })
      if (hasOver)
        addFour(columns, into, { counts: one.counts, from: row * WIDTH + KINDS, isTurned })
    }
    if (rows > before) clusters += 1
  }
  const [firstWins, secondWins, ties, bothBad] = columns.map((column) => column.subarray(0, rows))
  return {
    clusters,
    cluster: cluster.subarray(0, rows),
    pair: pair.subarray(0, rows),
    ...({ firstWins, secondWins, ties, bothBad } as Pick<
      ClusterCounts,
      'firstWins' | 'secondWins' | 'ties' | 'bothBad'
    >),
  }
}

function totalsOf({ clusters }: Table, hasOver: boolean): ClusterCounts {
  const totals = Float64Array.from(
    [...clusters.values()].map(({ counted, over }) => counted + (hasOver ? over : 0)),
  ).filter((votes) => votes > 0)
  const none = new Float64Array(totals.length)
  return {
    clusters: totals.length,
    cluster: Int32Array.from(totals.keys()),
    pair: new Int32Array(totals.length),
    ...{ firstWins: totals, secondWins: none, ties: none, bothBad: none },
  }
}

function sumOf(counts: ArrayLike<number>, from: number, length: number): number {
  let sum = 0
  for (let at = from; at < from + length; at += 1) sum += counts[at] as number
  return sum
}

/** Rows of a cluster in the order of their pairs, without those that are no pair any more. */
function sortRows({ places, size }: Cluster, { pairOf }: Layout): number[] {
  const rows: number[] = []
  let [last, isSorted] = [-1, true]
  for (let row = 0; row < size; row += 1) {
    const pair = pairOf[places[row] as number] as number
    if (pair < 0) continue
    isSorted &&= pair >= last
    last = pair
    rows.push(row)
  }
  const pairAt = (row: number): number => pairOf[places[row] as number] as number
  return isSorted ? rows : rows.sort((a, b) => pairAt(a) - pairAt(b))
}
