/** One request's share of the memory for bodies. */
export interface BodyShare {
  /** Whether so many more bytes may be held; they count from then on. */
  readonly take: (sizeBytes: number) => boolean
  /**
   * Whether it may wait for this provider; what it holds counts for it from then on, and no more
   * for the one before. Where it may not, nothing changes.
   */
  readonly waitFor: (providerId: string) => boolean
  /** Gives all of it back; once is enough, and more do no harm. */
  readonly release: () => void
}

export interface BodyBudget {
  readonly open: () => BodyShare
  readonly heldBytes: number
}

/** What may wait for one provider of all that may be held: a slow one cannot shut out the rest. */
const MOST_OF_ONE = 0.5

/**
 * Bodies that arrive or wait for their answers hold at most `maxBytes` together, and those that
 * wait for one provider at most half of it.
 */
export function openBodyBudget(maxBytes: number): BodyBudget {
  let heldBytes = 0
  const byProvider = new Map<string, number>()

  function count(providerId: string | null, sizeBytes: number): void {
    if (providerId === null) return
    const sum = (byProvider.get(providerId) ?? 0) + sizeBytes
    if (sum === 0) byProvider.delete(providerId)
    else byProvider.set(providerId, sum)
  }

  function open(): BodyShare {
    let ownBytes = 0
    let waitsFor: string | null = null
    return {
      take: (sizeBytes) => {
        if (heldBytes + sizeBytes > maxBytes) return false
        heldBytes += sizeBytes
        ownBytes += sizeBytes
        count(waitsFor, sizeBytes)
        return true
      },
      waitFor: (providerId) => {
        if (providerId === waitsFor) return true
        const others = byProvider.get(providerId) ?? 0
        // Whoever waits alone may, however large: half of the memory may be less than one body.
        if (others > 0 && others + ownBytes > maxBytes * MOST_OF_ONE) return false
        count(waitsFor, -ownBytes)
        count(providerId, ownBytes)
        waitsFor = providerId
        return true
      },
      release: () => {
        heldBytes -= ownBytes
        count(waitsFor, -ownBytes)
        ownBytes = 0
      },
    }
  }

  return {
    get heldBytes() {
      return heldBytes
    },
    open,
  }
}
