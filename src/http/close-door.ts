// edge: closes a listening socket and its connections.
import type { Server } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import type { RunningAnswers } from './running-answers.ts'

/** How long who has just come, or is being refused, may take to send and to be answered. */
const LINGER_MS = 500
/** How long one who came and said nothing is waited for. */
const SILENT_MS = 100
/** For how long nobody must have come before the door is closed. */
const QUIET_MS = 10
/** Under a flood of connections it is never quiet: then it is closed all the same. */
const MOST_QUIET_MS = 300

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
  by: {
    readonly newcomers: Newcomers
    readonly answers: Pick<RunningAnswers, 'runningCount' | 'holdRefusals'>
  },
): Promise<void> {
  const { newcomers, answers } = by
  const tell = answers.holdRefusals()
  await quietTurns(newcomers, QUIET_MS)
  // Not the method of `http`, which closes idle connections too, at once.
  NetServer.prototype.close.call(server)
  tell()
  const closedMs = performance.now()
  const passedMs = (): number => performance.now() - closedMs
  while (
    (answers.runningCount > 0 && passedMs() < LINGER_MS) ||
    (newcomers.silentCount > 0 && passedMs() < SILENT_MS)
  )
    await pause(5)
  await quietTurns(newcomers, 0)
  server.closeIdleConnections()
  server.closeAllConnections()
}

/** Resolves right after a turn of the event loop, once nobody has come for `quietMs`. */
async function quietTurns(newcomers: Newcomers, quietMs: number): Promise<void> {
  await turn() // to where whole turns are counted from
  const startedMs = performance.now()
  let sinceMs = startedMs
  let seen = newcomers.count
  for (let nowMs = startedMs; nowMs - startedMs < MOST_QUIET_MS; nowMs = performance.now()) {
    await turn()
    if (newcomers.count !== seen) sinceMs = performance.now()
    else if (performance.now() - sinceMs >= quietMs) return
    seen = newcomers.count
  }
}
