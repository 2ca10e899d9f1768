import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PairCounts } from '../../src/ratings/index.ts'

/** What `tests/fixtures/ratings/verdict.json` holds of evidence, claims and pairs. Points. */
export interface GoldenVerdict {
  readonly boards: Readonly<Record<string, GoldenBoard>>
  readonly e_value: readonly { delta: number; s2: number; tau: number; log_e: number }[]
  readonly always_valid_half_width: readonly {
    s2: number
    tau: number
    alpha: number
    half_width: number
  }[]
  readonly closed_testing: readonly {
    e: number[]
    alpha: number
    threshold: number
    certified: boolean[]
  }[]
  readonly votes_to_certify: readonly {
    gap_points: number
    threshold: number
    s2: number
    votes: number
    dispersion: number
  }[]
  readonly retirement: readonly {
    board: string
    price: number[]
    family: [number, number][]
    threshold: number
    dominated_by: [number, number][]
  }[]
  readonly arena_20240814: {
    readonly with_matchup_spread: {
      threshold: number
      certified: number
      leaning: number
      tiers: number
      adjacent_certified: number
    }
    readonly pairs: number
    readonly p_best: readonly [string, number][]
    readonly top: readonly {
      model: string
      rating: number
      se_total: number
      rank_low: number
      rank_high: number
      tier: number
    }[]
    readonly claims: readonly {
      better: string
      worse: string
      gap_points: number
      log_e: number
      certified: boolean
      tolerance: number | null
    }[]
  }
  readonly llmfao: {
    readonly threshold: number
    readonly certified: number
    readonly leaning: number
    readonly tiers: number
    readonly certified_by_rater_alone: number
    readonly certified_if_both_ignored: number
    readonly tiers_if_both_ignored: number
  }
}

export interface GoldenBoard {
  /** first, second, wins of each, ties. */
  readonly pairs: readonly [number, number, number, number, number][]
  readonly log_e: readonly (readonly (number | null)[])[]
  readonly threshold: number
  readonly certified: readonly [number, number][]
  readonly tier: readonly number[]
  readonly tolerance: Readonly<Record<string, number>>
  readonly next_pair_probability: readonly number[]
}

export const goldenVerdict = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/ratings/verdict.json'), 'utf8'),
) as GoldenVerdict

/** The pair counts of a golden board; its models are called by one letter each. */
export function pairsOfGolden({ pairs, tier }: Pick<GoldenBoard, 'pairs' | 'tier'>): PairCounts {
  const sorted = pairs.toSorted((one, other) => one[0] - other[0] || one[1] - other[1])
  const column = (index: 2 | 3 | 4) => Float64Array.from(sorted, (row) => row[index])
  return {
    models: tier.map((_, index) => String.fromCharCode(97 + index)),
    first: Int32Array.from(sorted, ([first]) => first),
    second: Int32Array.from(sorted, ([, second]) => second),
    firstWins: column(2),
    secondWins: column(3),
    ties: column(4),
    bothBad: new Float64Array(sorted.length),
  }
}
