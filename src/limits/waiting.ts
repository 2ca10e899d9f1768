import type { Refusal } from '../kernel/index.ts'
import { type Counter, type Drawn, drawAll, type Need } from './decide-waiting.ts'
import { refuseUnavailable } from './refuse-limit.ts'

/** A request that waits for what it needs. */
export interface Waiter {
  readonly needs: readonly Need[]
  readonly sinceMs: number
  /** Not asked for again before: the others are giving back. */
  readyMs: number
  hasRecalled: boolean
  readonly resolve: (drawn: Drawn[] | null) => void
  readonly reject: (error: Refusal) => void
}

/** Who waits, in their order. */
export class Waiting {
  #all: Waiter[] = []

  get size(): number {
    return this.#all.length
  }

  /** Null: a limit has changed. Rejects with the refusal of who lets it go. */
  add(needs: readonly Need[], nowMs: number): Promise<Drawn[] | null> {
    return new Promise((resolve, reject) => {
      const since = { sinceMs: nowMs, readyMs: nowMs, hasRecalled: false }
      this.#all.push({ needs, ...since, resolve, reject })
    })
  }

  /** Gives what there is to who waits, in their order. */
  admit(nowMs: number): void {
    if (this.#all.length === 0) return
    this.#all = this.#all.filter(({ needs, resolve }) => {
      const drawn = drawAll(needs, nowMs)
      if (drawn === null) return true
      resolve(drawn)
      return false
    })
  }

  /** Who is to be asked for now: as many as need `most` counters together, oldest first. */
  ready(most: number, nowMs: number): Waiter[] {
    const counters = new Set<Counter>()
    return this.#all.filter(({ readyMs, needs }) => {
      if (readyMs > nowMs) return false
      const isKnown = needs.every(({ counter }) => counters.has(counter))
      if (!isKnown && counters.size >= most) return false
      for (const { counter } of needs) counters.add(counter)
      return true
    })
  }

  /** Judges those of `asked` that still wait; who does not stay has been answered by `judge`. */
  judge(asked: readonly Waiter[], judge: (one: Waiter) => 'stays' | 'goes'): void {
    const left = new Set(this.#all)
    for (const one of asked) if (left.has(one) && judge(one) === 'goes') left.delete(one)
    this.#all = [...left]
  }

  refuseAll(): void {
    for (const { reject } of this.#all.splice(0)) reject(refuseUnavailable())
  }
}
