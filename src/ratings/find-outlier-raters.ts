import type { VoteRow } from './types-rows.ts'

const LEAST_VOTES = 5
const MOST_VOTES = 100
const ALPHA = 0.05

/** A rater whose votes go against everybody's too often for chance. */
export interface OutlierRater {
  readonly rater: string
  /** Decided votes that were looked at when it showed. */
  readonly votes: number
  /** The martingale's value then: 20 or more. */
  readonly evidence: number
}

/**
 * Raters who vote against the others of a pair time after time: those of five or more votes, by
 * their first hundred. Each decided vote bets against being in the smaller share of the pair's
 * decided votes: two martingales ∏ 1/(2·share of votes at or below it, or at or above it), flagged
 * at 20, which a rater like the others reaches in one of twenty cases for each of the two.
 * Ties and both-bad bet nothing. Rows are in the order they were cast; raters unknown are passed
 * over.
 */
export function findOutlierRaters(rows: readonly VoteRow[]): OutlierRater[] {
  const shares = new Map<string, { wins: number; votes: number }>()
  const votesOf = new Map<string, boolean[]>()
  const pairsOf = new Map<string, string[]>()
  const seen = new Map<string, number>()
  for (const row of rows) {
    const rater = row.rater ?? ''
    if (rater !== '') seen.set(rater, (seen.get(rater) ?? 0) + 1)
    if (row.choice !== 'a' && row.choice !== 'b') continue
    const [pair, isWin] = ordered(row)
    const share = shares.get(pair) ?? { wins: 0, votes: 0 }
    shares.set(pair, { wins: share.wins + (isWin ? 1 : 0), votes: share.votes + 1 })
    if (rater === '' || (seen.get(rater) ?? 0) > MOST_VOTES) continue
    votesOf.set(rater, [...(votesOf.get(rater) ?? []), isWin])
    pairsOf.set(rater, [...(pairsOf.get(rater) ?? []), pair])
  }
  return [...votesOf].flatMap(([rater, votes]) => {
    if ((seen.get(rater) ?? 0) < LEAST_VOTES) return []
    const pairs = pairsOf.get(rater) ?? []
    const found = bet(votes, (vote) => shares.get(pairs[vote] ?? ''))
    return found === null ? [] : [{ rater, ...found }]
  })
}

/** The pair by its names in order, and whether the first of them won. */
function ordered({ modelA, modelB, choice }: VoteRow): [string, boolean] {
  const isOrdered = modelA < modelB
  const names = isOrdered ? [modelA, modelB] : [modelB, modelA]
  return [JSON.stringify(names), (choice === 'a') === isOrdered]
}

type Share = { readonly wins: number; readonly votes: number } | undefined

function bet(votes: readonly boolean[], shareOf: (vote: number) => Share) {
  let [up, low] = [0, 0]
  for (const [at, isWin] of votes.entries()) {
    const { wins, votes: all } = shareOf(at) ?? { wins: 0, votes: 0 }
    // A vote for the first is at or above all; one for the second at or below the share of those.
    up -= Math.log(2 * (isWin ? 1 : (all - wins) / all))
    low -= Math.log(2 * (isWin ? wins / all : 1))
    const evidence = Math.exp(Math.max(up, low))
    if (evidence > 1 / ALPHA) return { votes: at + 1, evidence }
  }
  return null
}
