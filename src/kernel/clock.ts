// edge: talks to the machine's clocks
/** Time as a dependency, so that rules can be tested without waiting. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. May go back when the machine's clock is set. */
  nowMs(): number
  /** Milliseconds from an arbitrary start, with a fraction. Never goes back. */
  monotonicMs(): number
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
}
