import { at } from './at.ts'
import { factorise, solve } from './matrix.ts'
import type { Matrix } from './types.ts'

/** A concave function of n numbers. */
export interface Concave {
  /** Its value at x; NaN or −∞ where it has none. */
  value(x: Float64Array): number
  /**
   * Its gradient at x, and a positive definite matrix that divides it into a step: minus its second
   * derivatives, with gauges added. Both are new arrays.
   */
  slope(x: Float64Array): { readonly gradient: Float64Array; readonly curvature: Matrix }
}

export interface Maximum {
  readonly x: Float64Array
  readonly value: number
  /** Largest |gradient| at x, and steps taken. */
  readonly gradientNorm: number
  readonly steps: number
}

const MOST_STEPS = 200
const LONGEST_STEP = 2
const SETTLED = 1e-12
/** Below this a step that no longer shrinks is rounding. */
const NEARLY_SETTLED = 1e-9
const SLACK = 1e-12
/** Odds of e^30 : 1 are of no finite number of votes: numbers further apart go on for ever. */
const FARTHEST = 30

/**
 * The maximum of a concave function by Newton's method: steps of at most 2, halved while the value
 * falls, until a step is below 1e-12, or below 1e-9 and no shorter than the one before.
 * null: it has none with numbers within 30 of each other, or its curvature is singular.
 */
export function maximise(problem: Concave, start: Float64Array): Maximum | null {
  let x: Float64Array = Float64Array.from(start)
  let value = problem.value(x)
  let before = Number.POSITIVE_INFINITY
  for (let steps = 1; steps <= MOST_STEPS; steps++) {
    const { gradient, curvature } = problem.slope(x)
    const step = Float64Array.from(gradient)
    if (!Number.isFinite(value) || !factorise(curvature, x.length)) return null
    solve(curvature, x.length, step)
    const taken = walk(problem, { x, value, step })
    x = taken.x
    value = taken.value
    const length = taken.length
    if (spanOf(x) > FARTHEST) return null
    if (length < SETTLED || (length < NEARLY_SETTLED && length >= before))
      return { x, value, gradientNorm: largest(problem.slope(x).gradient), steps }
    before = length
  }
  return null
}

interface Walk {
  readonly x: Float64Array
  readonly value: number
  readonly step: Float64Array
}

/** Goes along the step, as far as the value does not fall. */
function walk(problem: Concave, { x, value, step }: Walk) {
  let share = Math.min(1, LONGEST_STEP / largest(step))
  for (;;) {
    const there = x.map((from, i) => from + share * at(step, i))
    const found = problem.value(there)
    const length = share * largest(step)
    if (found >= value - SLACK * (1 + Math.abs(value))) return { x: there, value: found, length }
    if (length < SETTLED) return { x, value, length }
    share /= 2
  }
}

function largest(numbers: Float64Array): number {
  return numbers.reduce((most, number) => Math.max(most, Math.abs(number)), 0)
}

function spanOf(numbers: Float64Array): number {
  const most = numbers.reduce((best, number) => Math.max(best, number), Number.NEGATIVE_INFINITY)
  return most - numbers.reduce((least, number) => Math.min(least, number), most)
}
