import type { Grant } from './types.ts'

/** What a process last heard of a counter, and what it remembers of refusals. */
export class CounterFacts {
  limit: number
  /** What nobody had leased when the database last said so. */
  left: number
  resetAtMs = 0
  lastUseMs: number | null = null
  /** When its free leases were last asked back from everybody. */
  recalledMs = Number.NEGATIVE_INFINITY
  #refusedUntilMs = Number.NEGATIVE_INFINITY
  #retryAtMs: number | null = null

  constructor(limit: number) {
    this.limit = limit
    this.left = limit
  }

  learn(grant: Grant, nowMs: number): void {
    if (!grant.isLimited) return
    this.limit = grant.limit
    this.left = grant.left
    this.resetAtMs = nowMs + grant.resetMs
    this.#retryAtMs = grant.retryMs === null ? null : nowMs + grant.retryMs
  }

  /** Another limit was set: what is left moves with it. */
  change(limit: number): void {
    this.left += limit - this.limit
    this.limit = limit
    this.forgetRefusal()
  }

  /** Nothing is asked for a while: the answer would be the same. */
  refuse(untilMs: number): void {
    this.#refusedUntilMs = untilMs
  }

  forgetRefusal(): void {
    this.#refusedUntilMs = Number.NEGATIVE_INFINITY
  }

  isRefused(nowMs: number): boolean {
    return nowMs < this.#refusedUntilMs
  }

  /** Milliseconds until another try makes sense; null: nobody can tell. */
  retryMs(nowMs: number): number | null {
    return this.#retryAtMs === null ? null : Math.max(0, this.#retryAtMs - nowMs)
  }
}
