// edge: runs in a worker thread, reads files.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { HashNews, HashOrder } from './types.ts'

// Begun by open-hasher.ts. It imports nothing of ours, so that it starts fast and stays small.

const PIECE_BYTES = 1_048_576
const TOLD_EVERY_BYTES = 8 * PIECE_BYTES

const running = new Map<number, AbortController>()

function tell(news: HashNews): void {
  parentPort?.postMessage(news)
}

async function hash(id: number, paths: readonly string[], signal: AbortSignal): Promise<void> {
  const sha256 = createHash('sha256')
  let doneBytes = 0
  let toldBytes = 0
  for (const path of paths) {
    for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES, signal })) {
      sha256.update(piece as Buffer)
      doneBytes += (piece as Buffer).length
      if (doneBytes - toldBytes < TOLD_EVERY_BYTES) continue
      toldBytes = doneBytes
      tell({ kind: 'progress', id, doneBytes })
    }
  }
  tell({ kind: 'progress', id, doneBytes })
  tell({ kind: 'hashed', id, sha256: sha256.digest('hex') })
}

parentPort?.on('message', (order: HashOrder) => {
  if (order.kind === 'stop') {
    running.get(order.id)?.abort()
    return
  }
  const stop = new AbortController()
  running.set(order.id, stop)
  hash(order.id, order.paths, stop.signal)
    .catch((error: unknown) => tell({ kind: 'failed', id: order.id, error }))
    .finally(() => running.delete(order.id))
})
