// edge: waits by the process's timer.
import type { Log } from '../kernel/index.ts'

export interface WatchOptions {
  /** How often to look where no news can be relied on. */
  readonly intervalMs: number
  readonly log: Log
  /** Whether news of changes arrive: then the clock hardly ever asks for a look. */
  readonly isHearing: () => boolean
  /** Calls `look` on news until it is stopped by what it answers. */
  readonly onNews: (look: () => void) => () => void
}

/** A process of an earlier version changes without telling: so many intervals later it is seen. */
const UNTOLD_INTERVALS = 30

/**
 * Calls `look` at the beginning, on news, and again and again while no news are heard or a look
 * has failed; two looks never overlap. Looks that fail are logged once until one succeeds. The
 * answer stops it and resolves when no look runs any more.
 */
export function watchRevision(
  look: () => Promise<void>,
  options: WatchOptions,
): () => Promise<void> {
  const { intervalMs, log, isHearing } = options
  let isStopped = false
  let isFailing = false
  let isAsked = false
  let running: Promise<void> | null = null

  async function lookOnce(): Promise<void> {
    try {
      await look()
      isFailing = false
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (!isFailing) log.warn({ reason }, 'changes of other processes to the catalog are not seen')
      isFailing = true
    }
  }

  /** News that come during a look may be later than what it saw: it is followed by another. */
  async function run(): Promise<void> {
    while (isAsked && !isStopped) {
      isAsked = false
      await lookOnce()
    }
    running = null
  }

  function ask(): void {
    isAsked = true
    running ??= run()
  }

  const stopListening = options.onNews(ask)
  let intervals = 0
  const timer = setInterval(() => {
    intervals += 1
    if (isFailing || !isHearing() || intervals % UNTOLD_INTERVALS === 0) ask()
  }, intervalMs).unref()
  ask()

  return async () => {
    isStopped = true
    stopListening()
    clearInterval(timer)
    await running
  }
}
