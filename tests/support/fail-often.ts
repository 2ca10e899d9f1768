import type { Breaker, Ticket } from '../../src/routing/index.ts'

/** The number of an attempt that enters, as one must. */
export function enterAs(breaker: Breaker, nowMs: number): number {
  const entry = breaker.enter(nowMs)
  if (typeof entry !== 'number') throw new Error('it was refused')
  return entry
}

/** Attempts that fail at once, one after the other. Whether each has opened the breaker. */
export function failOften(breaker: Breaker, times: number, nowMs: number, random = 0.5): boolean[] {
  return Array.from({ length: times }, () => {
    const entry = breaker.enter(nowMs)
    const ticket: Ticket = entry === 'refused' ? null : entry
    return breaker.failed(ticket, nowMs, random)
  })
}
