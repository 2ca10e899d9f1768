import type { ListedVote } from '../boards/index.ts'
import { findOutlierRaters, type VoteRow } from '../ratings/index.ts'

/** Among fewer people "against everybody" says nothing. */
const LEAST_RATERS = 5

/** People whose votes go against everybody's too often for chance, by their subjects. */
export function findOutliers(votes: readonly ListedVote[]): Set<string> {
  if (new Set(votes.map(({ raterId }) => raterId)).size < LEAST_RATERS) return new Set()
  const rows = votes.map(
    (vote): VoteRow => ({
      ...{ modelA: vote.leftId, modelB: vote.rightId, choice: vote.choice },
      rater: vote.raterId,
    }),
  )
  return new Set(findOutlierRaters(rows).map(({ rater }) => rater))
}
