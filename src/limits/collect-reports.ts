import type { Counter } from './decide-waiting.ts'
import type { Report } from './types.ts'

export interface Collected {
  readonly reports: readonly Report[]
  /** There are more: they go with the next statement. */
  readonly hasMore: boolean
  /** Puts them back: they could not be said. */
  readonly restore: () => void
}

/** What the counters have to say, about `most` reports of it. */
export function collectReports(
  counters: Iterable<Counter>,
  { most, nowMs }: { readonly most: number; readonly nowMs: number },
): Collected {
  const reports: Report[] = []
  const undo: (() => void)[] = []
  let hasMore = false
  for (const counter of counters) {
    if (counter.kind !== 'window') continue
    counter.closeEnded(nowMs)
    if (reports.length >= most) {
      hasMore = counter.dueSinceMs() !== null
      if (hasMore) break
      continue
    }
    const taken = counter.takeReports(nowMs)
    if (taken.reports.length > 0) undo.push(taken.restore)
    for (const report of taken.reports) reports.push(report)
  }
  return { reports, hasMore, restore: () => undo.forEach((one) => void one()) }
}
