import { readFileSync } from 'node:fs'
import { join } from 'node:path'

interface GoldenTies {
  readonly theta: number[]
  readonly parameter: number
  readonly log_likelihood: number
}

/** What `tests/fixtures/ratings/verdict.json` holds of models of ties, both-bad and drift. */
export interface GoldenModels {
  readonly tie_models_small: { readonly rao_kupper: GoldenTies; readonly davidson: GoldenTies }
  readonly both_bad_arena: {
    readonly nll_per_vote: number
    readonly kappa: number
    readonly acceptability: readonly [string, number][]
  }
  readonly drift: readonly {
    score: number[]
    information: number[]
    dispersion: number
    tau: number
    e: number
  }[]
}

export const goldenModels = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/ratings/verdict.json'), 'utf8'),
) as GoldenModels
