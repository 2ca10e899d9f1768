import { assert } from '../kernel/index.ts'
import { inverseMills, logScaledPhi } from './log-phi.ts'

/** The scale of differences between models that evidence bets on, in natural units. */
export const TAU = 0.4

/** The chance of any false claim on a board, at any time, that claims are held to. */
export const ALPHA = 0.05

/**
 * log E(a>b): the logarithm of the e-value against "a is not better than b", from the estimated
 * difference δ = θ_a − θ_b and its variance s² (natural units). At most 1/E is the chance that
 * evidence this strong ever comes up, however often one looks, when a is not better. 0 without
 * evidence; below 0: the votes speak for b. It grows with δ. `variance` must be above 0.
 */
export function logEvidence(delta: number, variance: number, tau = TAU): number {
  assert(variance > 0, 'ratings: evidence needs a variance above 0')
  const scale = variance + tau * tau
  const x = (delta * tau) / Math.sqrt(variance * scale) // z√ρ
  return Math.LN2 + 0.5 * Math.log(variance / scale) + logScaledPhi(x)
}

/**
 * The difference δ* at which log E reaches `target` (at least 0) while the variance stays:
 * what is left of a claim's gap when it just stands.
 */
export function gapForEvidence(target: number, variance: number, tau = TAU): number {
  const scale = variance + tau * tau
  const slope = tau / Math.sqrt(variance * scale)
  const base = Math.LN2 + 0.5 * Math.log(variance / scale)
  // log E is convex in x, so Newton from above comes down to the root without overshooting.
  let x = Math.sqrt(2 * Math.max(0, target - base + Math.LN2))
  for (let step = 0; step < 100; step++) {
    const change = (base + logScaledPhi(x) - target) / (x + inverseMills(x))
    x -= change
    if (Math.abs(change) <= 1e-15 * Math.max(1, Math.abs(x))) break
  }
  return x / slope
}

/**
 * The largest variance s*² with which a difference `delta` above 0 reaches log E = `target` (above
 * 0). A difference of 0 or less never does: 0.
 */
export function varianceForEvidence(target: number, delta: number, tau = TAU): number {
  assert(target > 0, 'ratings: a target of evidence is above 0')
  if (!(delta > 0)) return 0
  // At the low end the evidence is beyond any threshold that a board can have.
  let low = Math.log(delta * delta) - 300
  let high = Math.log(delta * delta + tau * tau) + 10
  while (high - low > 1e-15 * Math.max(1, Math.abs(high))) {
    const middle = (low + high) / 2
    if (middle === low || middle === high) break
    if (logEvidence(delta, Math.exp(middle), tau) >= target) low = middle
    else high = middle
  }
  return Math.exp((low + high) / 2)
}

/**
 * Half the width of the interval of a difference that holds at every look at once, with chance
 * 1 − alpha: about 1.6 times that of an interval for one look. Natural units.
 */
export function alwaysValidHalfWidth(
  variance: number,
  { tau = TAU, alpha = ALPHA }: { readonly tau?: number; readonly alpha?: number } = {},
): number {
  const ratio = variance / (tau * tau)
  return Math.sqrt(variance * (1 + ratio) * (2 * Math.log(1 / alpha) + Math.log1p(1 / ratio)))
}
