import { refuse } from './errors.ts'
import type { PairCounts } from './types.ts'

/** Votes on one pair that still add up to the last one in a double. */
const MOST_VOTES = 1e15

/** Refuses pair counts that break a rule of their shape, with `ratings_bad_counts`. */
export function checkPairCounts(pairs: PairCounts): void {
  checkNames(pairs.models)
  const { first, second, firstWins, secondWins, ties, bothBad } = pairs
  const columns = [second, firstWins, secondWins, ties, bothBad]
  if (columns.some(({ length }) => length !== first.length))
    throw refuse('ratings_bad_counts', 'Give each pair a number in every column.')
  const n = pairs.models.length
  let before = -1
  for (let e = 0; e < first.length; e += 1) {
    const i = first[e] as number
    const j = second[e] as number
    if (!(i >= 0 && i < j && j < n)) refusePair(e, 'does not name two models')
    if (i * n + j <= before) refusePair(e, 'is out of order, or there twice')
    before = i * n + j
    const a = firstWins[e] as number
    const b = secondWins[e] as number
    const tied = ties[e] as number
    const bad = bothBad[e] as number
    if (!(a >= 0 && b >= 0 && tied >= 0 && bad >= 0)) refusePair(e, 'holds no number of votes')
    const total = a + b + tied + bad
    if (!(total > 0 && total <= MOST_VOTES)) refusePair(e, `holds ${total} votes`)
  }
}

function checkNames(models: readonly string[]): void {
  for (let i = 1; i < models.length; i += 1) {
    const [before, name] = [models[i - 1] as string, models[i] as string]
    if (before < name) continue
    throw refuse(
      'ratings_bad_counts',
      `Sort the models by code unit, each once: ${JSON.stringify(name)} is out of order.`,
    )
  }
}

function refusePair(e: number, why: string): never {
  throw refuse('ratings_bad_counts', `Pair ${e} ${why}. Make the counts with countRows.`)
}
