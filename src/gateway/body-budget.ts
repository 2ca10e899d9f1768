/** One request's share of the memory for bodies. */
export interface BodyShare {
  /** Whether so many more bytes may be held; they count from then on. */
  readonly take: (sizeBytes: number) => boolean
  /** Gives all of it back; once is enough, and more do no harm. */
  readonly release: () => void
}

export interface BodyBudget {
  readonly open: () => BodyShare
  readonly heldBytes: number
}

/** Bodies that arrive or wait for their answers hold at most `maxBytes` together. */
export function openBodyBudget(maxBytes: number): BodyBudget {
  let heldBytes = 0
  return {
    get heldBytes() {
      return heldBytes
    },
    open: () => {
      let ownBytes = 0
      return {
        take: (sizeBytes) => {
          if (heldBytes + sizeBytes > maxBytes) return false
          heldBytes += sizeBytes
          ownBytes += sizeBytes
          return true
        },
        release: () => {
          heldBytes -= ownBytes
          ownBytes = 0
        },
      }
    },
  }
}
