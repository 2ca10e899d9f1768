import { at } from './at.ts'
import type { ClusterCounts, PairCounts, Votes } from './types.ts'
import type { RaterRules } from './types-claims.ts'

/** (raters − 1)(models − 1) that a board of several raters needs before it certifies. */
const LEAST_FREEDOM = 10
const LARGEST_SHARE = 0.5

/**
 * What the raters of a board let it claim. Several raters: nothing is certified before
 * (k − 1)(n − 1) ≥ 10, n the models that have votes, nor while one rater has more than half of the
 * votes. One rater: no rule, but the board is one person's taste. Raters unknown: no rule, and
 * independence is assumed; where some are known, each vote of an unknown one counts as a rater.
 */
export function checkRaters(votes: Votes): RaterRules {
  if (votes.raters === null)
    return { bar: null, raters: null, largestShare: null, isOnePerson: false }
  const known = votesPerCluster(votes.raters).filter((count) => count > 0)
  const named = known.reduce((sum, count) => sum + count, 0)
  const total = votesOf(votes.pairs)
  // Rounding of fractional counts is no vote.
  const unnamed = total - named > 1e-9 * total ? total - named : 0
  const most = known.reduce((largest, count) => Math.max(largest, count), 0)
  const largestShare = total === 0 ? 0 : most / total
  const isOnePerson = known.length === 1 && unnamed === 0
  const about = { raters: known.length, largestShare, isOnePerson }
  if (isOnePerson || total === 0) return { bar: null, ...about }
  if ((known.length + unnamed - 1) * (countVoted(votes.pairs) - 1) < LEAST_FREEDOM)
    return { bar: 'too_few_raters', ...about }
  return { bar: largestShare > LARGEST_SHARE ? 'one_rater_majority' : null, ...about }
}

function votesPerCluster(counts: ClusterCounts): Float64Array {
  const votes = new Float64Array(counts.clusters)
  for (let row = 0; row < counts.cluster.length; row++) {
    const cluster = at(counts.cluster, row)
    votes[cluster] = at(votes, cluster) + votesInRow(counts, row)
  }
  return votes
}

type Counts = Pick<PairCounts, 'firstWins' | 'secondWins' | 'ties' | 'bothBad'>

function votesInRow(counts: Counts, row: number): number {
  const decided = at(counts.firstWins, row) + at(counts.secondWins, row)
  return decided + at(counts.ties, row) + at(counts.bothBad, row)
}

function votesOf(pairs: PairCounts): number {
  let votes = 0
  for (let pair = 0; pair < pairs.first.length; pair++) votes += votesInRow(pairs, pair)
  return votes
}

function countVoted(pairs: PairCounts): number {
  const voted = new Set<number>()
  for (let pair = 0; pair < pairs.first.length; pair++) {
    voted.add(at(pairs.first, pair))
    voted.add(at(pairs.second, pair))
  }
  return voted.size
}
