import type { ClusterCounts, PairCounts } from '../../src/ratings/index.ts'
import { type Market, namesOf } from './market.ts'

/** Votes of one market as they are cast, by rater where raters count. */
export interface Tally {
  add(pair: number, outcome: 0 | 1 | 2, rater?: number): void
  /** Votes of a rater on a pair so far. */
  votesBy(rater: number, pair: number): number
  pairs(): PairCounts
  raters(): ClusterCounts
}

export function openTally(market: Market, raters = 0): Tally {
  const m = market.first.length
  const totals = new Float64Array(3 * m)
  const own = new Float64Array(3 * m * raters)
  const value = (of: Float64Array, index: number): number => of[index] ?? 0
  const votesAt = (of: Float64Array, at: number): number =>
    value(of, at) + value(of, at + 1) + value(of, at + 2)
  const voted = (): number[] => [...market.first.keys()].filter((e) => votesAt(totals, 3 * e) > 0)
  return {
    add(pair, outcome, rater) {
      totals[3 * pair + outcome] = value(totals, 3 * pair + outcome) + 1
      if (rater === undefined) return
      const at = 3 * (rater * m + pair) + outcome
      own[at] = value(own, at) + 1
    },
    votesBy: (rater, pair) => votesAt(own, 3 * (rater * m + pair)),
    pairs() {
      const places = voted()
      const column = (outcome: number) =>
        Float64Array.from(places, (e) => value(totals, 3 * e + outcome))
      return {
        models: namesOf(market.n),
        first: Int32Array.from(places, (e) => market.first[e] ?? 0),
        second: Int32Array.from(places, (e) => market.second[e] ?? 0),
        firstWins: column(0),
        secondWins: column(1),
        ties: column(2),
        bothBad: new Float64Array(places.length),
      }
    },
    raters() {
      const places = voted()
      const rows: (readonly [rater: number, place: number, at: number])[] = []
      for (let rater = 0; rater < raters; rater += 1)
        for (const [place, e] of places.entries()) {
          const at = 3 * (rater * m + e)
          if (votesAt(own, at) > 0) rows.push([rater, place, at])
        }
      const column = (outcome: number) =>
        Float64Array.from(rows, ([, , at]) => value(own, at + outcome))
      return {
        clusters: raters,
        cluster: Int32Array.from(rows, ([rater]) => rater),
        pair: Int32Array.from(rows, ([, place]) => place),
        firstWins: column(0),
        secondWins: column(1),
        ties: column(2),
        bothBad: new Float64Array(rows.length),
      }
    },
  }
}
