/** One figure of the recipe. */
export interface Cell {
  readonly name: string
  /** The recipe's figure, in percent or as a count; two: lowest and highest; null: it has none. */
  readonly recipe: number | readonly [low: number, high: number] | null
  /** Which of the results is arena-rank's figure on the same draws; absent: there is none. */
  readonly beside?: number
  /** Absent: percent of a share. */
  readonly unit?: 'claims' | 'votes' | 'moves'
  /** What is ours to choose because the recipe does not say. */
  readonly assumed?: string
}

/** A seeded simulation that gives one result for each cell; null cells are only shown beside. */
export interface Experiment {
  readonly table: string
  readonly cells: readonly (Cell | null)[]
  /** How often it is run, in full and with `--quick`; 0: not at all. */
  readonly runs: readonly [full: number, quick: number]
  /** How many boards stand behind the recipe's figures; absent: 300. */
  readonly recipeRuns?: number
  /** Shares from 0 to 1, or counts; NaN: this run has none. */
  run(seed: number, run: number): readonly number[]
}

/** Sums over runs, per result of an experiment. */
export interface Sums {
  readonly count: number[]
  readonly sum: number[]
  readonly squares: number[]
}
