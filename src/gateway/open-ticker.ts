// edge: a timer that all running requests share.
import { type Clock, Slots, type Slotted } from '../kernel/index.ts'

const LONGEST_TICK_MS = 1_000
const SHORTEST_TICK_MS = 5
/** A wait is noticed to be over at most this part of it too late, or a second. */
const TICKS_OF_A_WAIT = 8

export interface Ticked extends Slotted {
  /** Time has passed. Throws nothing. */
  tick(nowMs: number): void
  /** The market stops. Throws nothing. */
  stop(): void
}

export interface Ticker {
  /** Ticks it from now on, often enough for a wait of `shortestMs`. */
  add(ticked: Ticked, shortestMs: number): void
  delete(ticked: Ticked): void
  /** Stops all that it ticks. */
  stopAll(): void
}

/**
 * One timer for the time limits of all running requests, as a timer for each would cost more than
 * the limits are worth: they are seconds and minutes, and nearly never met. It stands still while
 * nothing runs.
 */
export function openTicker(clock: Clock): Ticker {
  const all = new Slots<Ticked>()
  let tickMs = LONGEST_TICK_MS
  let timer: NodeJS.Timeout | null = null

  function tick(): void {
    timer = null
    if (all.size === 0) {
      tickMs = LONGEST_TICK_MS
      return
    }
    const nowMs = clock.monotonicMs()
    for (const ticked of all) ticked.tick(nowMs)
    arm()
  }

  function arm(): void {
    timer = setTimeout(tick, tickMs)
    timer.unref()
  }

  return {
    add(ticked, shortestMs) {
      all.add(ticked)
      const neededMs = shortestMs / TICKS_OF_A_WAIT
      if (neededMs < tickMs) {
        tickMs = Math.max(SHORTEST_TICK_MS, neededMs)
        if (timer !== null) clearTimeout(timer)
        timer = null
      }
      if (timer === null) arm()
    },
    delete: (ticked) => void all.delete(ticked),
    stopAll() {
      for (const ticked of [...all]) ticked.stop()
    },
  }
}
