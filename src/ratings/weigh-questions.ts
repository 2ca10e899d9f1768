import { at } from './at.ts'
import { findDominated } from './find-dominated.ts'
import type { Fit } from './types.ts'
import type { BoardClaims } from './types-claims.ts'
import type { PairAim } from './types-pairs.ts'

/** What a pair with the leader weighs on top when the board is asked who is best. */
const LEADER_WEIGHT = 30

interface Question {
  readonly fit: Fit
  readonly claims: BoardClaims
  /** The pairs that may be drawn: what is open between models in none of them is not asked. */
  readonly pairs: readonly (readonly [number, number])[]
  readonly aim: PairAim
}

/** What is open: pairs of models, each with how much it is asked. */
export interface Questions {
  readonly first: Int32Array
  readonly second: Int32Array
  readonly weight: Float64Array
}

/** The open questions of a board as its aim weighs them. */
export function weighQuestions(question: Question): Questions {
  const asked = [...new Set(question.pairs.flat())].sort((a, b) => a - b)
  const open: Open[] = []
  const add: Add = (first, second, weight) => open.push([first, second, weight])
  if (question.aim.kind === 'retirement') addDominators(question, asked, add)
  else addOpenPairs(question, asked, add)
  return {
    first: Int32Array.from(open, ([first]) => first),
    second: Int32Array.from(open, ([, second]) => second),
    weight: Float64Array.from(open, ([, , weight]) => weight),
  }
}

type Open = readonly [first: number, second: number, weight: number]
type Add = (a: number, b: number, weight: number) => unknown

function addOpenPairs({ fit, claims, aim }: Question, asked: readonly number[], add: Add): void {
  const n = fit.theta.length
  const leaders = aim.kind === 'best' ? leadersOf(fit, asked) : new Set<number>()
  for (const a of asked)
    for (const b of asked) {
      if (a >= b || fit.component[a] !== fit.component[b]) continue
      const isSettled = claims.certified[a * n + b] === 1 || claims.certified[b * n + a] === 1
      const isLeaders = leaders.has(a) || leaders.has(b)
      if (!isSettled) add(a, b, isLeaders ? 1 + LEADER_WEIGHT : 1)
    }
}

/** The model with the highest strength of each component. */
function leadersOf(fit: Fit, asked: readonly number[]): Set<number> {
  const leaders = new Map<number, number>()
  for (const model of asked) {
    const component = at(fit.component, model)
    const leader = leaders.get(component)
    if (leader === undefined || at(fit.theta, model) > at(fit.theta, leader))
      leaders.set(component, model)
  }
  return new Set(leaders.values())
}

function addDominators(question: Question, asked: readonly number[], add: Add): void {
  if (question.aim.kind !== 'retirement') return
  const n = question.fit.theta.length
  const { logE, logThreshold } = findDominated(question.claims, question.aim.prices)
  for (const model of asked) {
    let likeliest: number | null = null
    for (const by of asked) {
      const value = at(logE, by * n + model)
      if (value > (likeliest === null ? Number.NEGATIVE_INFINITY : at(logE, likeliest * n + model)))
        likeliest = by
    }
    if (likeliest !== null && at(logE, likeliest * n + model) < logThreshold)
      add(likeliest, model, 1)
  }
}
