// edge: waits.
import { refuse } from '../errors.ts'

/** A bounded first-in first-out line in front of a fixed number of places. */
export interface Line {
  /**
   * Waits for a place; the answer gives it back. Rejects with engine_busy when the line is full or
   * the wait too long, with the signal's reason when the caller goes away.
   */
  enter(signal: AbortSignal): Promise<() => void>
  readonly waitingCount: number
  readonly runningCount: number
}

export interface LineOptions {
  readonly places: number
  readonly maxLength: number
  readonly maxWaitMs: number
  readonly monotonicMs: () => number
}

interface Waiter {
  readonly admit: () => void
}

const MIN_RETRY_SECONDS = 1
const MAX_RETRY_SECONDS = 30
/** How long a request is taken to need before one has been seen. */
const FIRST_GUESS_MS = 1_000
/** Weight of the latest request in the moving average of service times. */
const SMOOTHING = 0.2

export function openLine(options: LineOptions): Line {
  const waiting: Waiter[] = []
  let running = 0
  let averageMs: number | null = null

  const busy = (why: string) => {
    const seconds = Math.ceil(
      ((waiting.length + 1) * (averageMs ?? FIRST_GUESS_MS)) / options.places / 1_000,
    )
    const retryAfterSeconds = Math.min(MAX_RETRY_SECONDS, Math.max(MIN_RETRY_SECONDS, seconds))
    return refuse('engine_busy', `${why} Try again in ${retryAfterSeconds} s.`, {
      retryAfterSeconds,
    })
  }
  const take = (): (() => void) => {
    const since = options.monotonicMs()
    let isTaken = true
    running++
    return () => {
      if (!isTaken) return
      isTaken = false
      running--
      const tookMs = options.monotonicMs() - since
      averageMs = averageMs === null ? tookMs : averageMs + SMOOTHING * (tookMs - averageMs)
      waiting.shift()?.admit()
    }
  }
  const wait = (signal: AbortSignal) =>
    new Promise<() => void>((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        const at = waiting.indexOf(waiter)
        if (at >= 0) waiting.splice(at, 1)
      }
      const waiter: Waiter = {
        admit: () => {
          leave()
          resolve(take())
        },
      }
      const onAbort = () => {
        leave()
        reject(signal.reason)
      }
      const timer = setTimeout(() => {
        leave()
        reject(busy(`No place became free within ${options.maxWaitMs / 1_000} s.`))
      }, options.maxWaitMs)
      signal.addEventListener('abort', onAbort, { once: true })
      waiting.push(waiter)
    })

  return {
    async enter(signal) {
      signal.throwIfAborted()
      if (running < options.places && waiting.length === 0) return take()
      if (waiting.length >= options.maxLength)
        throw busy(`${waiting.length} requests already wait for this model.`)
      return wait(signal)
    },
    get waitingCount() {
      return waiting.length
    },
    get runningCount() {
      return running
    },
  }
}
