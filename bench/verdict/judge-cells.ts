import type { Cell, Experiment, Sums } from './experiment.ts'

/** One figure of the recipe beside ours. Percent, or a count. */
export interface JudgedCell {
  readonly table: string
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly recipe: Cell['recipe']
  /** One Monte Carlo error of the difference between the two. */
  readonly error: number
  readonly runs: number
  /** Within three errors of the recipe's figure, or of its range; null: it has none. */
  readonly met: boolean | null
  /** arena-rank's figure on the same draws; null: there is none. */
  readonly arena_rank: number | null
  readonly assumed: string | null
}

/** The cells of an experiment that was run, with their judgement. */
export function judgeCells(experiment: Experiment, sums: Sums): JudgedCell[] {
  return experiment.cells.flatMap((cell, index): JudgedCell[] => {
    const runs = sums.count[index] ?? 0
    if (cell === null || runs === 0) return []
    const scale = cell.unit === undefined ? 100 : 1
    const mean = (of: number): number => (sums.sum[of] ?? 0) / (sums.count[of] ?? 1)
    const value = scale * mean(index)
    const error = errorOf({ experiment, cell, sums, index })
    return [
      {
        table: experiment.table,
        what: cell.name,
        value,
        unit: cell.unit ?? '%',
        recipe: cell.recipe,
        error,
        runs,
        met: isMet(cell.recipe, value, 3 * error),
        arena_rank: cell.beside === undefined ? null : scale * mean(cell.beside),
        assumed: cell.assumed ?? null,
      },
    ]
  })
}

function isMet(recipe: Cell['recipe'], value: number, slack: number): boolean | null {
  if (recipe === null) return null
  const [low, high] = typeof recipe === 'number' ? [recipe, recipe] : recipe
  return value >= low - slack && value <= high + slack
}

/**
 * The error of the difference: the variance between boards over our boards and over the recipe's.
 * A share near 0 or 1 shows too little variance: one board more of either kind is added to it.
 */
function errorOf(of: {
  readonly experiment: Experiment
  readonly cell: Cell
  readonly sums: Sums
  readonly index: number
}): number {
  const { sums, index, experiment, cell } = of
  const runs = sums.count[index] ?? 1
  const sum = sums.sum[index] ?? 0
  const mean = sum / runs
  const isShare = cell.unit === undefined
  const spread = Math.max(0, (sums.squares[index] ?? 0) / runs - mean * mean)
  const guarded = (sum + 1) / (runs + 2)
  const least =
    isShare && (mean < 0.05 || mean > 0.95) && isYesNo(sums, index) ? guarded * (1 - guarded) : 0
  const variance = Math.max(spread, least)
  return (
    (isShare ? 100 : 1) * Math.sqrt(variance / runs + variance / (experiment.recipeRuns ?? 300))
  )
}

/** Results of 0 and 1 are their own squares. */
function isYesNo(sums: Sums, index: number): boolean {
  return sums.squares[index] === sums.sum[index]
}
