import type { RatedBoard } from './claim-board.ts'
import { type FitOptions, fitRatings } from './fit-ratings.ts'
import { measureDesignEffect } from './measure-design-effect.ts'
import { type Intervals, measureIntervals } from './measure-intervals.ts'
import { measureUncertainty, type StatedDesignEffect } from './measure-uncertainty.ts'
import type { Fit, Votes } from './types.ts'

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
  const uncertainty = measureUncertainty(fitted, votes, designEffectsOf(fitted, votes, options))
  const intervals = measureIntervals(fitted, uncertainty)
  return { votes, fit: fitted, uncertainty, intervals }
}

/**
 * Raters and prompts that repeat themselves are told by residuals of the penalised fit, whatever
 * the method of the board.
 */
function designEffectsOf(
  fit: Fit,
  { raters, prompts }: Votes,
  { stated = {} }: RateOptions,
): StatedDesignEffect {
  if (fit.method === 'penalised' || (raters === null && prompts === null)) return stated
  const penalised = fitRatings(fit.pairs, { start: fit })
  return {
    rater: stated.rater ?? measureDesignEffect(penalised, raters),
    prompt: stated.prompt ?? measureDesignEffect(penalised, prompts),
  }
}
