import { refuse } from './errors.ts'
import {
  addTo,
  clusterCountsOf,
  type Four,
  keyOf,
  openTally,
  pairCountsOf,
  type Tally,
} from './tally.ts'
import type { ClusterCounts, PairCounts } from './types.ts'
import type { Choice, Counted, CountOptions, CountRow, VoteRow } from './types-rows.ts'

/** The recipe: where several people vote, the first 30 of one on one pair count. */
const VOTES_PER_RATER_AND_PAIR = 30
const MOST_MODELS = 2 ** 26

const countsOf: Readonly<Record<Choice, Four>> = {
  a: [1, 0, 0, 0],
  b: [0, 1, 0, 0],
  tie: [0, 0, 1, 0],
  both_bad: [0, 0, 0, 1],
}

/** A row whose names are numbers: models in sorted order, first < second; −1: unknown. */
interface Numbered {
  readonly first: number
  readonly second: number
  readonly counts: Four
  readonly rater: number
  readonly prompt: number
}

/**
 * Counts votes in the order in which they were cast. Where more than one person voted, only the
 * first 30 votes of each on each pair count; a vote whose rater is unknown always counts. Votes on
 * a model against itself are left out. `raters` and `prompts` are null where no row
 * with a vote names any.
 * Refuses a row without a model or with an unknown choice (`ratings_bad_row`).
 */
export function countVotes(rows: Iterable<VoteRow>, options: CountOptions = {}): Counted {
  const reader = openReader(options)
  let at = 0
  for (const row of rows) {
    at += 1
    if (!Object.hasOwn(countsOf, row.choice))
      throw refuse(
        'ratings_bad_row',
        `Row ${at}: the choice must be a, b, tie or both_bad, not ${JSON.stringify(row.choice)}.`,
      )
    reader.read(row, at, countsOf[row.choice])
  }
  return reader.count(keepFirst)
}

/**
 * Counts rows that hold counts. Order is unknown there: where more than one person voted, the
 * counts of a rater with more than 30 votes on a pair are scaled down to 30, which is what the
 * first 30 would be on average. Otherwise as `countVotes`; counts may be fractional, and must not
 * be negative (`ratings_bad_row`).
 */
export function countRows(rows: Iterable<CountRow>, options: CountOptions = {}): Counted {
  const reader = openReader(options)
  let at = 0
  for (const row of rows) {
    at += 1
    const counts: Four = [row.aWins, row.bWins, row.ties, row.bothBad]
    const wrong = counts.find((votes) => !(votes >= 0 && votes <= Number.MAX_SAFE_INTEGER))
    if (wrong !== undefined)
      throw refuse('ratings_bad_row', `Row ${at}: ${wrong} is no number of votes.`)
    reader.read(row, at, counts)
  }
  return reader.count(scaleDown)
}

/** Numbers names in the order in which they are met. */
function openNames(): { ids: Map<string, number>; idOf: (name: string) => number } {
  const ids = new Map<string, number>()
  const idOf = (name: string): number => {
    const known = ids.get(name)
    if (known !== undefined) return known
    ids.set(name, ids.size)
    return ids.size - 1
  }
  return { ids, idOf }
}

type Named = Pick<VoteRow, 'modelA' | 'modelB' | 'rater' | 'prompt'>
type Cap = (rows: readonly Numbered[], most: number) => { kept: Numbered[]; beyondCap: number }

function openReader({
  models = [],
  votesPerRaterAndPair = VOTES_PER_RATER_AND_PAIR,
}: CountOptions) {
  const names = openNames()
  const raters = openNames()
  const prompts = openNames()
  const rows: Numbered[] = []
  let [selfPlay, isSomeUnknown] = [0, false]
  for (const name of models) names.idOf(name)

  const read = (row: Named, at: number, counts: Four): void => {
    if (!isName(row.modelA) || !isName(row.modelB))
      throw refuse('ratings_bad_row', `Row ${at}: name two models.`)
    const first = names.idOf(row.modelA)
    const second = names.idOf(row.modelB)
    if (first === second) {
      selfPlay += counts[0] + counts[1] + counts[2] + counts[3]
      return
    }
    // Who has no vote is nobody's rater: a line of zeros only puts its models on the board.
    if (counts[0] + counts[1] + counts[2] + counts[3] === 0) return
    const rater = isName(row.rater) ? raters.idOf(row.rater) : -1
    const prompt = isName(row.prompt) ? prompts.idOf(row.prompt) : -1
    isSomeUnknown ||= rater === -1
    rows.push({ first, second, counts, rater, prompt })
  }

  const count = (cap: Cap): Counted => {
    assertFew(names.ids.size)
    const sorted = [...names.ids.keys()].toSorted(byCodeUnit)
    const placed = rows.map(placer(names.ids, sorted))
    const isOneRater = raters.ids.size === 1 && !isSomeUnknown
    const { kept, beyondCap } =
      raters.ids.size === 0 || isOneRater
        ? { kept: placed, beyondCap: 0 }
        : cap(placed, votesPerRaterAndPair)
    return { votes: tallyRows(sorted, kept, [raters.ids, prompts.ids]), selfPlay, beyondCap }
  }
  return { read, count }
}

function isName(name: string | null | undefined): name is string {
  return typeof name === 'string' && name !== ''
}

function byCodeUnit(one: string, other: string): number {
  return one < other ? -1 : 1
}

function assertFew(models: number): void {
  if (models >= MOST_MODELS)
    throw refuse('ratings_bad_row', `There are ${models} models. Rate fewer at a time.`)
}

/** Turns a row to the sorted order of models, the smaller first. */
function placer(ids: ReadonlyMap<string, number>, sorted: readonly string[]) {
  const place = new Int32Array(sorted.length)
  for (const [at, name] of sorted.entries()) place[ids.get(name) as number] = at
  return (row: Numbered): Numbered => {
    const one = place[row.first] as number
    const other = place[row.second] as number
    if (one < other) return { ...row, first: one, second: other }
    const [a, b, ties, bothBad] = row.counts
    return { ...row, first: other, second: one, counts: [b, a, ties, bothBad] }
  }
}

/** One number for each rater and pair: of millions of votes, texts would take seconds to make. */
function openRaterKeys(): (row: Numbered) => number {
  const pairs = new Map<number, number>()
  return ({ rater, first, second }) => {
    const pair = keyOf(first, second)
    const known = pairs.get(pair)
    if (known !== undefined) return keyOf(rater, known)
    pairs.set(pair, pairs.size)
    return keyOf(rater, pairs.size - 1)
  }
}

/** Votes one by one: those beyond the first `most` of a rater on a pair are left out. */
const keepFirst: Cap = (rows, most) => {
  const seen = new Map<number, number>()
  const keyOfRow = openRaterKeys()
  const kept = rows.filter((row) => {
    if (row.rater === -1) return true
    const key = keyOfRow(row)
    const votes = (seen.get(key) ?? 0) + 1
    seen.set(key, votes)
    return votes <= most
  })
  return { kept, beyondCap: rows.length - kept.length }
}

/** Counts: what a rater has on a pair beyond `most` is taken off in proportion. */
const scaleDown: Cap = (rows, most) => {
  const totals = new Map<number, number>()
  const keyOfRow = openRaterKeys()
  for (const row of rows)
    totals.set(keyOfRow(row), (totals.get(keyOfRow(row)) ?? 0) + votesIn(row.counts))
  let beyondCap = 0
  const kept = rows.map((row) => {
    const total = totals.get(keyOfRow(row)) ?? 0
    if (row.rater === -1 || total <= most) return row
    const [a, b, ties, bothBad] = row.counts
    const share = most / total
    beyondCap += votesIn(row.counts) * (1 - share)
    return { ...row, counts: [a * share, b * share, ties * share, bothBad * share] as const }
  })
  return { kept, beyondCap }
}

function votesIn([a, b, ties, bothBad]: Four): number {
  return a + b + ties + bothBad
}

type Ids = ReadonlyMap<string, number>

function tallyRows(
  models: readonly string[],
  rows: readonly Numbered[],
  [raters, prompts]: readonly [Ids, Ids],
): Counted['votes'] {
  const tally = openTally()
  for (const { first, second, counts } of rows) addTo(tally, keyOf(first, second), counts)
  const pairs = pairCountsOf(models, tally)
  return {
    pairs,
    raters: clustersOf(pairs, rows, { of: 'rater', ids: raters }),
    prompts: clustersOf(pairs, rows, { of: 'prompt', ids: prompts }),
  }
}

/** Clusters by the order of their names, so that the order of rows changes nothing. */
function clustersOf(
  pairs: PairCounts,
  rows: readonly Numbered[],
  { of, ids }: { of: 'rater' | 'prompt'; ids: Ids },
): ClusterCounts | null {
  if (ids.size === 0) return null
  const place = new Int32Array(ids.size)
  for (const [at, name] of [...ids.keys()].toSorted(byCodeUnit).entries())
    place[ids.get(name) as number] = at
  const pairAt = new Map<number, number>()
  for (let e = 0; e < pairs.first.length; e += 1)
    pairAt.set(keyOf(pairs.first[e] as number, pairs.second[e] as number), e)
  const tally: Tally = openTally()
  for (const row of rows) {
    const pair = pairAt.get(keyOf(row.first, row.second))
    if (row[of] === -1 || pair === undefined) continue
    addTo(tally, keyOf(place[row[of]] as number, pair), row.counts)
  }
  return clusterCountsOf(ids.size, tally)
}
