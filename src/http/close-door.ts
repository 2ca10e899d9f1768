// edge: closes a listening socket and its connections.
import type { Server } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'

/** How long who has just come, or is being refused, may take to send and to be answered. */
const LINGER_MS = 500
/** How long one who came and said nothing is waited for. */
const SILENT_MS = 100
/** Under a flood of connections no turn is quiet: then it is closed all the same. */
const MOST_TURNS = 1_000

/** Connections since the stop began. */
export interface Newcomers {
  /** Those that have sent no request yet. */
  readonly silentCount: number
  /** How many there were, and requests on them: it stands still in a quiet turn. */
  readonly count: number
}

/** Watches who comes: not before a stop, as it would cost every connection a little. */
export function watchNewcomers(server: Server): Newcomers {
  const silent = new Set<Socket>()
  let count = 0
  server.prependListener('request', ({ socket }) => {
    count += 1
    silent.delete(socket)
  })
  server.on('connection', (socket: Socket) => {
    count += 1
    silent.add(socket)
    socket.once('close', () => silent.delete(socket))
  })
  return {
    get silentCount() {
      return silent.size
    },
    get count() {
      return count
    },
  }
}

/**
 * Closes the listening socket and then the connections, each at a moment when nothing has just come
 * on it: the system resets what was sent and not taken from it yet.
 */
export async function closeDoor(
  server: Server,
  by: { readonly newcomers: Newcomers; readonly runningCount: () => number },
): Promise<void> {
  const { newcomers, runningCount } = by
  await quietTurn(newcomers)
  // Not the method of `http`, which closes idle connections too, at once.
  NetServer.prototype.close.call(server)
  const closedMs = performance.now()
  const passedMs = (): number => performance.now() - closedMs
  while (
    (runningCount() > 0 && passedMs() < LINGER_MS) ||
    (newcomers.silentCount > 0 && passedMs() < SILENT_MS)
  )
    await pause(5)
  await quietTurn(newcomers)
  server.closeIdleConnections()
  server.closeAllConnections()
}

/** Resolves right after a whole turn of the event loop in which nobody came. */
async function quietTurn(newcomers: Newcomers): Promise<void> {
  await turn() // to where whole turns are counted from
  for (let turns = 0; turns < MOST_TURNS; turns += 1) {
    const before = newcomers.count
    await turn()
    if (newcomers.count === before) return
  }
}
