const LAST = 64
/** Fewer than this say nothing. */
const LEAST = 3
const MOST_LISTINGS = 10_000

/** How long listings let people wait for the first byte, as this process has seen it. */
export interface Waits {
  add(listingId: string, firstByteMs: number, isStream: boolean): void
  /** Median of the last 64 streams, or of whole answers where there are fewer than three. */
  medianMs(listingId: string): number | null
}

interface Seen {
  readonly times: number[]
  at: number
  median: number | null
}

export function openWaits(): Waits {
  const seen = new Map<string, Seen>()
  const keyOf = (listingId: string, isStream: boolean): string =>
    `${isStream ? 'stream' : 'whole'} ${listingId}`
  return {
    add(listingId, firstByteMs, isStream) {
      const key = keyOf(listingId, isStream)
      const of = seen.get(key) ?? { times: [], at: 0, median: null }
      of.times[of.at] = firstByteMs
      of.at = (of.at + 1) % LAST
      of.median = null
      seen.set(key, of)
      const [oldest] = seen.keys()
      if (seen.size > MOST_LISTINGS && oldest !== undefined) seen.delete(oldest)
    },
    medianMs(listingId) {
      for (const isStream of [true, false]) {
        const of = seen.get(keyOf(listingId, isStream))
        if (of === undefined || of.times.length < LEAST) continue
        of.median ??= medianOf(of.times)
        return of.median
      }
      return null
    },
  }
}

function medianOf(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return ((low ?? 0) + (high ?? 0)) / 2
}
