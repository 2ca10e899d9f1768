/** What a look at the disk found, and what was so before it. */
export interface DiskLook {
  /** What a user may still write, the ballast not counted. */
  readonly freeBytes: number
  readonly wasFull: boolean
  readonly hasBallast: boolean
}

/** What follows from a look. */
export interface DiskDecision {
  readonly isFull: boolean
  /** The ballast is room that is given to the database when nothing else is left. */
  readonly ballast: 'keep' | 'give-up' | 'make'
}

/** The ballast is half of the reserve: enough for PostgreSQL to go on, or to recover. */
export function ballastFor(reserveBytes: number): number {
  return Math.floor(reserveBytes / 2)
}

/**
 * Below the reserve the disk counts as full, and only an eighth above it as not full any more: at
 * the edge it must not change with each look. Below an eighth the ballast goes; it comes back when
 * it leaves more room than the disk was opened again for.
 */
export function decideDisk(look: DiskLook, reserveBytes: number): DiskDecision {
  const { freeBytes, wasFull, hasBallast } = look
  const openedAbove = reserveBytes + reserveBytes / 8
  const isFull = freeBytes < (wasFull ? openedAbove : reserveBytes)
  if (hasBallast && freeBytes < reserveBytes / 8) return { isFull, ballast: 'give-up' }
  const isRoomy = freeBytes - ballastFor(reserveBytes) >= openedAbove
  if (!hasBallast && isRoomy) return { isFull, ballast: 'make' }
  return { isFull, ballast: 'keep' }
}
