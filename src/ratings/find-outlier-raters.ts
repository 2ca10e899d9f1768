import type { VoteRow } from './types-rows.ts'
import { ALPHA } from './weigh-evidence.ts'

const LEAST_VOTES = 5
const MOST_VOTES = 100

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
  const shareOf = openShares()
  const histories = new Map<string, History>()
  for (const row of rows) {
    const history = typeof row.rater === 'string' ? historyOf(histories, row.rater) : null
    if (history !== null) history.seen += 1
    if (row.choice !== 'a' && row.choice !== 'b') continue
    const isOrdered = row.modelA < row.modelB
    const share = isOrdered ? shareOf(row.modelA, row.modelB) : shareOf(row.modelB, row.modelA)
    const isWin = (row.choice === 'a') === isOrdered
    share.votes += 1
    if (isWin) share.wins += 1
    if (history === null || history.seen > MOST_VOTES) continue
    history.shares.push(share)
    history.wins.push(isWin)
  }
  return [...histories].flatMap(([rater, history]) => {
    const found = history.seen < LEAST_VOTES ? null : bet(history)
    return found === null ? [] : [{ rater, ...found }]
  })
}

/** Decided votes of a pair, and how many of them its first model won. */
interface Share {
  votes: number
  wins: number
}

/** A rater's votes: how many, and of the decided ones among the first hundred the pair and side. */
interface History {
  seen: number
  readonly shares: Share[]
  readonly wins: boolean[]
}

function historyOf(histories: Map<string, History>, rater: string): History {
  const known = histories.get(rater)
  if (known !== undefined) return known
  const history = { seen: 0, shares: [], wins: [] }
  histories.set(rater, history)
  return history
}

function openShares(): (first: string, second: string) => Share {
  const shares = new Map<string, Map<string, Share>>()
  return (first, second) => {
    const own = shares.get(first) ?? new Map<string, Share>()
    if (own.size === 0) shares.set(first, own)
    const share = own.get(second) ?? { votes: 0, wins: 0 }
    if (share.votes === 0) own.set(second, share)
    return share
  }
}

function bet({ shares, wins }: History): Omit<OutlierRater, 'rater'> | null {
  let [up, low] = [0, 0]
  for (const [at, share] of shares.entries()) {
    // A vote for the first is at or above all; one for the second at or below the share of those.
    up -= Math.log(2 * (wins[at] ? 1 : (share.votes - share.wins) / share.votes))
    low -= Math.log(2 * (wins[at] ? share.wins / share.votes : 1))
    const evidence = Math.exp(Math.max(up, low))
    if (evidence > 1 / ALPHA) return { votes: at + 1, evidence }
  }
  return null
}
