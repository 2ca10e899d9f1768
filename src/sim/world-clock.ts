import type { Clock } from '../kernel/index.ts'

/** Within a stop the clock goes on with the machine's, and no further than this. */
const LONGEST_STOP_MS = 4_000

/** A clock whose days pass when they are told to. */
export interface WorldClock extends Clock {
  setTo(nowMs: number): void
}

/**
 * Dates stand still between two settings, so that the same seed has the same ones; what measures
 * how long something takes sees the machine's time pass, and leaps with the dates.
 */
export function openWorldClock(machine: Pick<Clock, 'monotonicMs'>, startMs: number): WorldClock {
  let nowMs = startMs
  let setAtMs = machine.monotonicMs()
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs - startMs + Math.min(LONGEST_STOP_MS, machine.monotonicMs() - setAtMs),
    setTo(next) {
      nowMs = Math.max(nowMs, next)
      setAtMs = machine.monotonicMs()
    },
  }
}
