import { ALPHA } from './weigh-evidence.ts'

/** What a claim of a family has to reach. */
export interface Threshold {
  /** T = 1/α + Σ over the family's E below 1/α of (1/α − E). */
  readonly threshold: number
  readonly logThreshold: number
}

/**
 * The threshold of closed testing with the arithmetic mean of e-values: a hypothesis is rejected
 * exactly when log E ≥ log T, which is when every subset of the family that holds it has a mean of
 * at least 1/α. Then the chance of any false rejection is at most α, under any dependence.
 * `logE` lists the whole family; NaN stands for no hypothesis. An empty family has T = 1/α.
 */
export function closedThreshold(logE: ArrayLike<number>, alpha = ALPHA): Threshold {
  const least = 1 / alpha
  const logLeast = Math.log(least)
  let threshold = least
  for (let index = 0; index < logE.length; index++) {
    const value = logE[index] as number
    if (value < logLeast) threshold += least - Math.exp(value)
  }
  return { threshold, logThreshold: Math.log(threshold) }
}
