// edge: runs in a worker thread
import { parentPort } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import { openBoardRoom } from './board-room.ts'
import type { RatingOrder } from './types-worker.ts'

// Begun by open-rater.ts. It talks to nobody but the thread that began it.

const room = openBoardRoom({
  nowMs: () => performance.now(),
  compress: (text) => gzipSync(text, { level: 4 }),
})

parentPort?.on('message', (order: RatingOrder) => {
  try {
    const news = room(order)
    if (news !== null) parentPort?.postMessage(news)
  } catch (error) {
    if (order.kind !== 'rate') throw error
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    parentPort?.postMessage({ kind: 'failed', id: order.id, reason })
  }
})
