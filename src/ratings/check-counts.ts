import { refuse } from './errors.ts'
import type { PairCounts } from './types.ts'

/** Votes on one pair that still add up to the last one in a double. */
const MOST_VOTES = 1e15

/** Refuses pair counts that break a rule of their shape, with `ratings_bad_counts`. */
export function checkPairCounts(pairs: PairCounts): void {
  checkNames(pairs.models)
  const { first, second } = pairs
  const counts = [pairs.firstWins, pairs.secondWins, pairs.ties, pairs.bothBad]
  if ([second, ...counts].some(({ length }) => length !== first.length))
    refusePair(0, 'is missing in some of the columns')
  for (let e = 0; e < first.length; e += 1) {
    const i = first[e] as number
    const j = second[e] as number
    if (!(i >= 0 && i < j && j < pairs.models.length)) refusePair(e, 'does not name two models')
    const last = e === 0 ? -1 : (first[e - 1] as number)
    if (last > i || (last === i && (second[e - 1] as number) >= j))
      refusePair(e, 'is out of order, or there twice')
    let total = 0
    for (const column of counts) {
      const votes = column[e] as number
      if (!(votes >= 0 && votes <= MOST_VOTES)) refusePair(e, `holds ${votes} votes`)
      total += votes
    }
    if (total === 0) refusePair(e, 'holds no vote')
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
