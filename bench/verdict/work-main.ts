// A worker thread: runs a batch of one experiment and posts the sums of its results.
import { parentPort } from 'node:worker_threads'
import type { Sums } from './experiment.ts'
import { experiments } from './experiments.ts'

export interface Batch {
  readonly experiment: number
  /** Runs from `from` up to `to`. */
  readonly from: number
  readonly to: number
}

parentPort?.on('message', ({ experiment, from, to }: Batch) => {
  const sums: Sums = { count: [], sum: [], squares: [] }
  for (let run = from; run < to; run += 1) {
    const results = experiments[experiment]?.run(1 + experiment * 1_000_003 + run * 7, run) ?? []
    for (const [index, value] of results.entries()) {
      if (Number.isNaN(value)) continue
      sums.count[index] = (sums.count[index] ?? 0) + 1
      sums.sum[index] = (sums.sum[index] ?? 0) + value
      sums.squares[index] = (sums.squares[index] ?? 0) + value * value
    }
  }
  parentPort?.postMessage(sums)
})
