// edge: a timer that all who wait share.
import { Slots, type Slotted } from '../kernel/index.ts'

/** Who may wait only so long. */
export interface Deadlined extends Slotted {
  /** When its time is up, by `performance.now`. */
  deadlineMs: number
  /** Its time is up. Throws nothing. */
  late(): void
}

export interface Deadlines {
  /** Calls its `late` once, after `delayMs`, unless it is deleted before. */
  add(waiting: Deadlined, delayMs: number): void
  delete(waiting: Deadlined): void
}

/**
 * One timer, set for whose time is up first: nearly all are gone before, and a timer for each would
 * cost more than finding out that they are.
 */
export function openDeadlines(): Deadlines {
  const all = new Slots<Deadlined>()
  let timer: NodeJS.Timeout | null = null
  let looksAtMs = Number.POSITIVE_INFINITY

  function look(): void {
    const nowMs = performance.now()
    let nextMs = Number.POSITIVE_INFINITY
    const late: Deadlined[] = []
    for (const waiting of all)
      if (waiting.deadlineMs <= nowMs) late.push(waiting)
      else nextMs = Math.min(nextMs, waiting.deadlineMs)
    arm(nextMs, nowMs)
    for (const waiting of late) if (all.delete(waiting)) waiting.late()
  }

  function arm(atMs: number, nowMs: number): void {
    if (timer !== null) clearTimeout(timer)
    looksAtMs = atMs
    timer = Number.isFinite(atMs) ? setTimeout(look, Math.max(1, atMs - nowMs)) : null
    timer?.unref() // who waits has a socket, which keeps the process going
  }

  return {
    add(waiting, delayMs) {
      const nowMs = performance.now()
      waiting.deadlineMs = nowMs + delayMs
      all.add(waiting)
      if (waiting.deadlineMs < looksAtMs) arm(waiting.deadlineMs, nowMs)
    },
    delete: (waiting) => void all.delete(waiting),
  }
}
