// edge: opens sockets
import { Socket } from 'node:net'

/** The sockets of all connections to one database. */
export interface Sockets {
  /** A new one, not connected yet, as the pg library takes it. */
  open(): Socket
  /** Bytes that arrived on all of them so far, closed ones included. */
  readonly bytesRead: number
  /** Ends every open one: whoever waits for an answer on it learns that it will not come. */
  cut(reason: string): void
}

/**
 * No statement takes longer, and no connection is idle for longer: on one that is still open the
 * answer got lost on the way. Longer than the limits of open-pool.ts.
 */
const SILENT_MS = 40_000

export function trackSockets(): Sockets {
  const open = new Set<Socket>()
  let bytesOfClosed = 0
  return {
    open() {
      const socket = new Socket()
      open.add(socket)
      socket.setTimeout(SILENT_MS, () => socket.destroy(abortedBecause('no answer came')))
      socket.once('close', () => {
        open.delete(socket)
        bytesOfClosed += socket.bytesRead
      })
      return socket
    },
    get bytesRead() {
      let sum = bytesOfClosed
      for (const socket of open) sum += socket.bytesRead
      return sum
    },
    cut(reason) {
      for (const socket of [...open]) socket.destroy(abortedBecause(reason))
    },
  }
}

/** The code is the operating system's for a connection that this side gave up. */
function abortedBecause(reason: string): Error {
  return Object.assign(new Error(reason), { code: 'ECONNABORTED' })
}
