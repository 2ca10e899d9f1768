import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Experiment, Sums } from './experiment.ts'
import type { Batch } from './work-main.ts'

/** Runs all experiments in threads; the sums of each in their order. */
export async function runBatches(
  experiments: readonly Experiment[],
  {
    isQuick,
    threads,
    isQuiet,
  }: { readonly isQuick: boolean; readonly threads: number; readonly isQuiet?: boolean },
): Promise<Sums[]> {
  const totals = experiments.map((): Sums => ({ count: [], sum: [], squares: [] }))
  const batches = experiments.flatMap((experiment, index) => batchesOf(experiment, index, isQuick))
  const queue = [...batches]
  let done = 0
  const work = async (): Promise<void> => {
    const worker = new Worker(join(import.meta.dirname, 'work-main.ts'))
    for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
      worker.postMessage(batch)
      const [sums] = (await once(worker, 'message')) as [Sums]
      const total = totals[batch.experiment]
      if (total !== undefined) addTo(total, sums)
      done += 1
      if (isQuiet !== true) showProgress(done, batches.length)
    }
    await worker.terminate()
  }
  await Promise.all(Array.from({ length: threads }, work))
  return totals
}

/** About forty batches for each experiment: the slow ones come last otherwise. */
function batchesOf({ runs }: Experiment, experiment: number, isQuick: boolean): Batch[] {
  const count = runs[isQuick ? 1 : 0]
  const size = Math.max(1, Math.ceil(count / 40))
  const batches: Batch[] = []
  for (let from = 0; from < count; from += size)
    batches.push({ experiment, from, to: Math.min(count, from + size) })
  return batches
}

function addTo(total: Sums, sums: Sums): void {
  for (const name of ['count', 'sum', 'squares'] as const)
    for (const [index, value] of sums[name].entries())
      total[name][index] = (total[name][index] ?? 0) + (value ?? 0)
}

const BAR = 30

function showProgress(done: number, of: number): void {
  if (process.stderr.isTTY !== true && done % Math.ceil(of / 20) !== 0) return
  const filled = Math.round((done / of) * BAR)
  const bar = '█'.repeat(filled) + '░'.repeat(BAR - filled)
  const line = `${bar} ${Math.floor((100 * done) / of)} %`
  process.stderr.write(
    process.stderr.isTTY === true ? `\r${line}${done === of ? '\n' : ''}` : `${line}\n`,
  )
}
