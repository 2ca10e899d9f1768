import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Choice, CountRow, PairCounts } from '../../src/ratings/index.ts'
import { readSharedData } from './shared-data.ts'

/** What `tests/fixtures/ratings/verdict.json` holds of ratings and of how sure they are. Points. */
export interface GoldenFits {
  readonly boards: Readonly<Record<string, GoldenFit>>
  readonly rater_design_effect: {
    readonly votes: readonly [string, number, number, Choice][]
    readonly p: number
    readonly design_effect: number
  }
  readonly newcomer_ten_wins: { readonly mode: number; readonly low: number; readonly high: number }
  readonly arena_20240814: {
    readonly votes: number
    readonly models: number
    readonly dispersion: number
    readonly log_likelihood_mle: number
    readonly matchup_spread: number
    readonly matchup_excess: number
    readonly top: readonly GoldenRow[]
  }
  readonly llmfao: {
    readonly models: number
    readonly votes: number
    readonly dispersion: number
    readonly design_effect: { readonly rater: number; readonly prompt: number }
    readonly design_effect_total: number
    readonly matchup_excess: number
    readonly matchup_spread: number
    readonly board: readonly GoldenRow[]
  }
}

export interface GoldenFit {
  readonly pairs: readonly [number, number, number, number, number][]
  readonly rating: readonly number[]
  readonly rating_mle: readonly number[] | null
  readonly se_model: readonly number[]
  readonly dispersion: number
  readonly information: readonly number[]
  readonly se: readonly number[]
  readonly matchup_excess: number
  readonly matchup_spread: number
  readonly se_total: readonly number[]
  readonly interval95: readonly [number, number][]
}

export interface GoldenRow {
  readonly model: string
  readonly rating: number
  readonly se: number
  readonly se_total: number
  readonly low: number
  readonly high: number
}

export const goldenFits = readFixture('verdict.json') as GoldenFits

/** A classic set: rows of names and counts, and the exact strengths against a reference. */
export interface ClassicSet {
  readonly rows: CountRow[]
  readonly reference: string
  readonly coefficients: Readonly<Record<string, number>>
  readonly errors: Readonly<Record<string, number>>
}

interface ClassicFile {
  readonly data: readonly [string, string, number, number][]
  readonly exact_refit: Readonly<Record<string, unknown>>
}

interface Refit {
  readonly reference: string
  readonly coef: Readonly<Record<string, number>>
  readonly se: Readonly<Record<string, number>>
}

export function readClassic(name: 'baseball' | 'citations'): ClassicSet {
  const { data, exact_refit } = readFixture(`${name}.json`) as ClassicFile
  const refit = (name === 'baseball' ? exact_refit.model1_no_home : exact_refit) as Refit
  const rows = data.map(([modelA, modelB, aWins, bWins]) =>
    countRow([modelA, modelB], aWins, bWins),
  )
  return { rows, reference: refit.reference, coefficients: refit.coef, errors: refit.se }
}

export function countRow(
  [modelA, modelB]: readonly [string, string],
  aWins: number,
  bWins: number,
): CountRow {
  return { modelA, modelB, aWins, bWins, ties: 0, bothBad: 0 }
}

/** The exact optimum of the real arena votes, rating per model; null where it is not beside us. */
export function readExactArena(): Readonly<Record<string, { rating: number }>> | null {
  const text = readSharedData('reference/reference-arena-20240814.json')
  return text === null ? null : JSON.parse(text).tables.exact_mle
}

function readFixture(name: string): unknown {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/ratings', name), 'utf8'))
}

/** How many votes pair counts hold. */
export function votesIn({ firstWins, secondWins, ties, bothBad }: PairCounts): number {
  return [firstWins, secondWins, ties, bothBad].reduce(
    (sum, column) => column.reduce((all, votes) => all + votes, sum),
    0,
  )
}
