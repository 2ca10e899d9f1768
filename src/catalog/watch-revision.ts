// edge: waits by the process's timer.
import type { Log } from '../kernel/index.ts'

export interface WatchOptions {
  /** Between the end of one look and the next. */
  readonly intervalMs: number
  readonly log: Log
}

/**
 * Calls `look` again and again until it is stopped; two looks never overlap. Looks that fail are
 * logged once until one succeeds. The answer stops it and resolves when no look runs any more.
 */
export function watchRevision(
  look: () => Promise<void>,
  { intervalMs, log }: WatchOptions,
): () => Promise<void> {
  let isStopped = false
  let isFailing = false
  let running: Promise<void> = Promise.resolve()
  let timer = wait()

  function wait(): NodeJS.Timeout {
    return setTimeout(() => {
      running = lookOnce()
    }, intervalMs).unref()
  }

  async function lookOnce(): Promise<void> {
    try {
      await look()
      isFailing = false
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (!isFailing) log.warn({ reason }, 'changes of other processes to the catalog are not seen')
      isFailing = true
    }
    if (!isStopped) timer = wait()
  }

  return () => {
    isStopped = true
    clearTimeout(timer)
    return running
  }
}
