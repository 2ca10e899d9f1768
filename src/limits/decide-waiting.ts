import type { PlaceCounter } from './place-counter.ts'
import type { Ask, Grant } from './types.ts'
import type { Part, WindowCounter } from './window-counter.ts'

export type Counter = WindowCounter | PlaceCounter

/** What a request needs of one counter. */
export interface Need {
  readonly counter: Counter
  readonly amount: number
}

/** What a request drew of one counter; `parts` are of windows only. */
export interface Drawn {
  readonly counter: Counter
  readonly amount: number
  readonly parts: readonly Part[]
}

/** All that a request needs, or nothing. */
export function drawAll(needs: readonly Need[], nowMs: number): Drawn[] | null {
  for (const { counter, amount } of needs) if (counter.free(nowMs) < amount) return null
  const drawn: Drawn[] = []
  for (const { counter, amount } of needs) {
    if (counter.kind === 'window')
      drawn.push({ counter, amount, parts: counter.draw(amount, nowMs) })
    else {
      counter.draw(nowMs)
      drawn.push({ counter, amount, parts: [] })
    }
  }
  return drawn
}

/** One ask for every counter that somebody waits for or that wishes to have more. */
export function planAsks(
  waiting: readonly (readonly Need[])[],
  wishes: Iterable<Counter>,
  { nowMs, newId }: { readonly nowMs: number; readonly newId: () => string },
): Map<Counter, Ask> {
  const sums = new Map<Counter, { least: number; most: number }>()
  for (const needs of waiting)
    for (const { counter, amount } of needs) {
      const sum = sums.get(counter)
      if (sum === undefined) sums.set(counter, { least: amount, most: amount })
      else {
        sum.least = Math.min(sum.least, amount)
        sum.most += amount
      }
    }
  const asks = new Map<Counter, Ask>()
  for (const [counter, sum] of sums) {
    const free = counter.free(nowMs)
    if (sum.most <= free) continue
    // The smallest need may fit already and wait for another counter: then anything helps.
    const least = Math.max(1, sum.least - free)
    asks.set(counter, counter.composeAsk({ least, most: sum.most - free, leaseId: newId(), nowMs }))
  }
  for (const counter of wishes)
    if (!asks.has(counter))
      asks.set(counter, counter.composeAsk({ least: 0, most: 0, leaseId: newId(), nowMs }))
  return asks
}

export type Verdict =
  /** There is enough as far as anybody knows: ask again. */
  | { readonly kind: 'again' }
  /** A holder has no such limit any more. */
  | { readonly kind: 'unlimited' }
  | { readonly kind: 'lacks'; readonly need: Need; readonly grant: Grant }

/** What the answers mean for a request that still does not get all it needs. */
export function judgeWaiting(
  needs: readonly Need[],
  grants: ReadonlyMap<Counter, Grant>,
  nowMs: number,
): Verdict {
  let lacking: { need: Need; grant: Grant } | null = null
  for (const need of needs) {
    const grant = grants.get(need.counter)
    if (grant === undefined) continue
    if (!grant.isLimited) return { kind: 'unlimited' }
    // What was granted went to who stood before: another ask tells whether there is more.
    if (grant.granted > 0) continue
    const free = need.counter.free(nowMs)
    if (need.amount <= free || need.amount <= free + Math.max(0, grant.left)) continue
    // What takes longest to lapse is what the caller has to wait for.
    if (lacking === null || (grant.retryMs ?? 0) > (lacking.grant.retryMs ?? 0))
      lacking = { need, grant }
  }
  return lacking === null ? { kind: 'again' } : { kind: 'lacks', ...lacking }
}
