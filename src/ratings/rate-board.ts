import type { RatedBoard } from './claim-board.ts'
import { type FitOptions, fitRatings } from './fit-ratings.ts'
import { type Intervals, measureIntervals } from './measure-intervals.ts'
import { measureUncertainty, type StatedDesignEffect } from './measure-uncertainty.ts'
import type { Votes } from './types.ts'

export interface RateOptions extends FitOptions {
  /** Design effects that take the place of those of the votes. */
  readonly stated?: StatedDesignEffect
}

/** A fitted board with the 95 % interval of each model, in natural units. */
export interface Board extends RatedBoard {
  readonly intervals: Intervals
}

/**
 * Rates votes: `fitRatings`, `measureUncertainty` and `measureIntervals` in one. Refuses as
 * `fitRatings` does.
 */
export function rateBoard(votes: Votes, options: RateOptions = {}): Board {
  const fitted = fitRatings(votes.pairs, options)
  const uncertainty = measureUncertainty(fitted, votes, options.stated)
  const intervals = measureIntervals(fitted, uncertainty)
  return { votes, fit: fitted, uncertainty, intervals }
}
