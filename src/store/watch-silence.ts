/**
 * What a look at the database found. `silent`: no answer within the limit; `read-only`: it takes
 * no writes; `lost`: the connection ended, or could not be made, with a reason.
 */
export type Look = 'well' | 'read-only' | 'silent' | 'lost'

/** Whether the database says nothing at all, as when its machine or the way to it is gone. */
export interface Silence {
  looked(found: Look): void
  readonly isSilent: boolean
}

/**
 * A connection to a machine that is gone waits for a quarter of an hour. So when two looks in a
 * row get no answer and nothing arrived on any other connection either, all are cut, and nobody
 * needs to wait on one. Those to a server that became read-only are cut once: the next ones may
 * find the one that took its place.
 */
export function watchSilence(sockets: {
  readonly bytesRead: number
  cut(reason: string): void
}): Silence {
  let bytesBefore: number | null = null
  let isSilent = false
  let wasReadOnly = false
  return {
    looked(found) {
      if (found === 'read-only' && !wasReadOnly) sockets.cut('the database is read-only')
      wasReadOnly = found === 'read-only'
      const bytesRead = sockets.bytesRead
      isSilent = found === 'silent' && (isSilent || bytesRead === bytesBefore)
      bytesBefore = found === 'silent' ? bytesRead : null
      if (isSilent) sockets.cut('the database is silent')
    },
    get isSilent() {
      return isSilent
    },
  }
}
