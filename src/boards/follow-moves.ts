/** How far the moves of counts were read. They become visible in another order than numbered. */
export interface Through {
  /** Every move up to here was read, or will never come. */
  readonly low: number
  /** Moves above it that were read. */
  readonly extra: readonly number[]
}

/** One reading of moves: all that are visible above `low` and not in `extra`. */
export interface Reading {
  readonly seqs: readonly number[]
  /** The oldest transaction that runs, and the next that will begin, as of this reading. */
  readonly oldestRunning: number
  readonly nextToBegin: number
}

export interface Follower {
  through(): Through
  /** Takes a reading in. */
  read(reading: Reading): void
}

/**
 * Follows numbered rows that commit out of order and may never come: a number that is missing below
 * one that is there is waited for until every transaction of that moment has ended.
 */
export function followMoves(start: Through): Follower {
  let low = start.low
  const seen = new Set(start.extra)
  /** Missing numbers, with the first transaction that cannot be theirs. */
  const missing = new Map<number, number>()

  function findMissing({ nextToBegin }: Reading): void {
    let last = low
    for (const seq of seen) last = Math.max(last, seq)
    for (let seq = low + 1; seq < last; seq += 1)
      if (!seen.has(seq) && !missing.has(seq)) missing.set(seq, nextToBegin)
  }

  function advance(): void {
    while (seen.delete(low + 1)) low += 1
  }

  return {
    through: () => ({ low, extra: [...seen] }),
    read(reading) {
      for (const seq of reading.seqs) {
        seen.add(seq)
        missing.delete(seq)
      }
      for (const [seq, bound] of missing) {
        if (reading.oldestRunning < bound) continue
        missing.delete(seq)
        seen.add(seq)
      }
      findMissing(reading)
      advance()
    },
  }
}
