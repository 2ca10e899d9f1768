/** How long one was there, in any unit, and whether it left then. */
export interface Life {
  readonly duration: number
  /** False: censored. */
  readonly hasLeft: boolean
}

/** What is known just after a time at which somebody left. */
export interface SurvivalStep {
  readonly time: number
  readonly atRisk: number
  readonly left: number
  /** The share that stays longer than `time`. */
  readonly survival: number
  readonly se: number
}

/**
 * Kaplan and Meier's product-limit estimate (JASA 53, 1958): S(t) = Π (1 − d/n) over the times up
 * to t at which d of the n at risk left, with Greenwood's standard error S·√(Σ d / (n(n − d))). One
 * step for each time at which somebody left, in order; before the first, S is 1. Once S is 0 its
 * error is given as 0. Durations that are not finite, or below 0, are left out.
 */
export function estimateSurvival(lives: readonly Life[]): SurvivalStep[] {
  const known = lives.filter(({ duration }) => Number.isFinite(duration) && duration >= 0)
  const times = [...new Set(known.filter(({ hasLeft }) => hasLeft).map(({ duration }) => duration))]
  let [survival, sum] = [1, 0]
  return times
    .toSorted((a, b) => a - b)
    .map((time) => {
      const atRisk = known.filter(({ duration }) => duration >= time).length
      const left = known.filter((life) => life.hasLeft && life.duration === time).length
      survival *= 1 - left / atRisk
      sum += atRisk === left ? 0 : left / (atRisk * (atRisk - left))
      return { time, atRisk, left, survival, se: survival * Math.sqrt(sum) }
    })
}
