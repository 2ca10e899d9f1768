/** What one attempt holds of the memory for answers. */
export interface AnswerShare {
  /**
   * Says how much it holds now, more or less than before. False: so much may not be held, and what
   * it held before still counts.
   */
  readonly hold: (sizeBytes: number) => boolean
  /** It holds nothing any more; once is enough, and more do no harm. */
  readonly release: () => void
}

export interface AnswerBudget {
  readonly open: (providerId: string) => AnswerShare
  readonly heldBytes: number
}

/** Besides its bytes a chunk costs about as much: it counts, lest many small ones cost nothing. */
export const CHUNK_BYTES = 128

/** What the answers of one provider may hold of all that may be held. */
const MOST_OF_ONE = 0.5

/**
 * Answers that must be held, whole ones and events that are not whole yet, hold at most `maxBytes`
 * together, and those of one provider at most half of it.
 */
export function openAnswerBudget(maxBytes: number): AnswerBudget {
  let heldBytes = 0
  const byProvider = new Map<string, number>()

  function open(providerId: string): AnswerShare {
    let ownBytes = 0
    const hold = (sizeBytes: number): boolean => {
      const moreBytes = sizeBytes - ownBytes
      if (moreBytes === 0) return true
      const ofProvider = (byProvider.get(providerId) ?? 0) + moreBytes
      const isTooMuch = heldBytes + moreBytes > maxBytes || ofProvider > maxBytes * MOST_OF_ONE
      if (moreBytes > 0 && isTooMuch) return false
      heldBytes += moreBytes
      ownBytes = sizeBytes
      if (ofProvider === 0) byProvider.delete(providerId)
      else byProvider.set(providerId, ofProvider)
      return true
    }
    return { hold, release: () => void hold(0) }
  }

  return {
    get heldBytes() {
      return heldBytes
    },
    open,
  }
}
