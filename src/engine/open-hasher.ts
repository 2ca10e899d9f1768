// edge: runs a worker thread, reads files.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import type { HashFiles, HashNews, HashOrder, HashWish } from './types.ts'

/** Files up to here are hashed at once: a thread takes longer to begin. */
const SMALL_BYTES = 16 * 1_048_576
/** 50 µs or so: between two of them others get their turn. */
const SMALL_PIECE_BYTES = 65_536

export interface Hasher {
  readonly hashFiles: HashFiles
  /** Ends what still runs. */
  close(): Promise<void>
}

/** Hashes files in this thread, in small pieces. */
export const hashHere: HashFiles = async (paths, { onBytes, signal } = {}) => {
  const sha256 = createHash('sha256')
  let doneBytes = 0
  signal?.throwIfAborted()
  for (const path of paths) {
    for await (const piece of createReadStream(path, { highWaterMark: SMALL_PIECE_BYTES })) {
      signal?.throwIfAborted()
      sha256.update(piece as Buffer)
      doneBytes += (piece as Buffer).length
      onBytes?.(doneBytes)
    }
  }
  return sha256.digest('hex')
}

/**
 * Hashes files in one thread of its own, all that are wanted at a time in the same one, so that 40
 * GB take nothing from whoever relays. The thread is there while there is work.
 */
export function openHasher(workerPath: string): Hasher {
  const jobs = new HashJobs(workerPath)
  return {
    async hashFiles(paths, wish = {}) {
      wish.signal?.throwIfAborted()
      const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size))
      const isSmall = sizes.reduce((sum, size) => sum + size, 0) <= SMALL_BYTES
      return isSmall ? hashHere(paths, wish) : jobs.run(paths, wish)
    },
    close: () => jobs.close(),
  }
}

interface Job {
  readonly onBytes: (doneBytes: number) => void
  readonly resolve: (sha256: string) => void
  readonly reject: (error: unknown) => void
}

class HashJobs {
  readonly #workerPath: string
  readonly #jobs = new Map<number, Job>()
  #worker: Worker | null = null
  #lastId = 0

  constructor(workerPath: string) {
    this.#workerPath = workerPath
  }

  async run(paths: readonly string[], { onBytes, signal }: HashWish): Promise<string> {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const id = ++this.#lastId
    this.#jobs.set(id, { onBytes: onBytes ?? (() => {}), resolve, reject })
    const stop = () => {
      this.#order({ kind: 'stop', id })
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', stop, { once: true })
    try {
      this.#order({ kind: 'hash', id, paths })
      return await promise
    } finally {
      signal?.removeEventListener('abort', stop)
      this.#jobs.delete(id)
      if (this.#jobs.size === 0) void this.close()
    }
  }

  async close(): Promise<void> {
    const worker = this.#worker
    this.#worker = null
    await worker?.terminate()
    this.#failAll(new Error('engine: the hasher was closed'), worker)
  }

  #order(order: HashOrder): void {
    this.#worker ??= this.#begin()
    this.#worker.postMessage(order)
  }

  #begin(): Worker {
    // It needs no settings, and so none of the secrets among them.
    const worker = new Worker(this.#workerPath, { execArgv: [], env: {} })
    worker.on('message', (news: HashNews) => this.#hear(news))
    worker.on('error', (error) => this.#failAll(error, worker))
    return worker
  }

  #hear(news: HashNews): void {
    const job = this.#jobs.get(news.id)
    if (news.kind === 'progress') job?.onBytes(news.doneBytes)
    else if (news.kind === 'hashed') job?.resolve(news.sha256)
    else job?.reject(news.error)
  }

  /** Only if no younger thread has taken its place. */
  #failAll(error: unknown, worker: Worker | null): void {
    if (this.#worker !== null && this.#worker !== worker) return
    this.#worker = null
    for (const job of this.#jobs.values()) job.reject(error)
  }
}
