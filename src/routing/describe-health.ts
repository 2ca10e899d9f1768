import type { FailureReason, ListingHealth } from './types.ts'

/** How a listing is doing, in a word for people, as this process has seen it. */
export interface HealthWord {
  /** `trying`: it rested long enough, and one request at a time finds out whether it is well. */
  readonly state: 'healthy' | 'busy' | 'resting' | 'trying'
  /** Until when it is busy or rests, since 1970; null: it is neither. */
  readonly untilMs: number | null
  /** Failures of the last minute, at most 1,000. */
  readonly recentFailures: number
  /** What it failed of last; null: nothing since it was well. */
  readonly lastReason: FailureReason | null
}

/** @param nowMs since 1970 */
export function describeHealth(health: ListingHealth, nowMs: number): HealthWord {
  const { state, restsForMs, busyForMs, failures: recentFailures, lastReason } = health
  const known = { recentFailures, lastReason }
  if (state === 'open' && restsForMs !== null && restsForMs > 0) {
    return { state: 'resting', untilMs: nowMs + restsForMs, ...known }
  }
  if (state !== 'closed') return { state: 'trying', untilMs: null, ...known }
  if (busyForMs === null) return { state: 'healthy', untilMs: null, ...known }
  return { state: 'busy', untilMs: nowMs + busyForMs, ...known }
}
