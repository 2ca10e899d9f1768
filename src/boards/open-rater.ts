// edge: runs a worker thread
import { Worker } from 'node:worker_threads'
import type { RateBoardOrder, RatingNews, RatingOrder } from './types-worker.ts'

/** The thread that rates, and the boards in its memory. */
export interface Rater {
  /** Orders run one after another, in the order they are given. */
  tell(order: Exclude<RatingOrder, RateBoardOrder>): void
  rate(order: Omit<RateBoardOrder, 'kind' | 'id'>): Promise<RatingNews>
  /** Whether boards that were told are still in memory: not after the thread failed. */
  readonly generation: number
  close(): Promise<void>
}

/**
 * Rates in a thread of its own, begun when there is something to do, so that nobody's request waits
 * for a fit. A thread that fails is begun anew, with nothing in its memory.
 */
export function openRater(workerPath: string): Rater {
  const waiting = new Map<number, (news: RatingNews) => void>()
  let worker: Worker | null = null
  let generation = 0
  let lastId = 0

  function failAll(reason: string): void {
    worker = null
    generation += 1
    for (const [id, answer] of waiting) answer({ kind: 'failed', id, reason })
    waiting.clear()
  }

  function begin(): Worker {
    // It needs no settings, and so none of the secrets among them.
    const begun = new Worker(workerPath, { execArgv: [], env: {} })
    begun.unref()
    begun.on('message', (news: RatingNews) => {
      waiting.get(news.id)?.(news)
      waiting.delete(news.id)
    })
    begun.on('error', (error) => {
      if (worker === begun) failAll(String(error))
    })
    begun.on('exit', () => {
      if (worker === begun) failAll('the thread ended')
    })
    return begun
  }

  function post(order: RatingOrder): void {
    worker ??= begin()
    worker.postMessage(order)
  }

  return {
    tell: post,
    rate(order) {
      lastId += 1
      const id = lastId
      return new Promise((resolve) => {
        waiting.set(id, resolve)
        post({ ...order, kind: 'rate', id })
      })
    },
    get generation() {
      return generation
    },
    async close() {
      const begun = worker
      failAll('boards are closing')
      await begun?.terminate()
    },
  }
}
