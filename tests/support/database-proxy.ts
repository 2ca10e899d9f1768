import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'

/**
 * `pass`: as if it was not there. `refuse`: ends every connection and lets nobody in, as a server
 * that is not running. `black-hole`: says nothing any more and closes nothing, as a network that
 * is cut; what was on its way arrives when it passes again.
 */
export type ProxyMode = 'pass' | 'refuse' | 'black-hole'

/** The way to a PostgreSQL server, over TCP, with faults on request. */
export interface DatabaseProxy {
  /** DATABASE_URL of a database behind it. */
  url(database: string): string
  set(mode: ProxyMode): void
  /**
   * Ends the next connection on which a client sends `text`: once the server has answered, and
   * before the client hears it. Resolves when that has happened.
   */
  cutAnswerTo(text: string): Promise<void>
  /** From now on nobody hears NOTIFY, as behind a pooler that lends connections by transaction. */
  dropNotifications(): void
  close(): Promise<void>
}

interface State {
  mode: ProxyMode
  isDeaf: boolean
  /** What a client says to be cut off; empty: nothing. */
  cutText: string
  onCut: () => void
}

/** A client's connection and the one to the server that goes with it. */
interface Pair {
  readonly client: Socket
  readonly server: Socket
}

/** A proxy before the server whose socket folder is `host`. */
export async function openDatabaseProxy(host: string): Promise<DatabaseProxy> {
  const pairs = new Set<Pair>()
  const held = new Set<Socket>()
  const state: State = { mode: 'pass', isDeaf: false, onCut: () => {}, cutText: '' }
  const server = createServer((client) => {
    client.on('error', () => client.destroy())
    if (state.mode === 'refuse') client.destroy()
    else if (state.mode === 'black-hole') held.add(client.pause())
    else {
      const pair = { client, server: connect(join(host, '.s.PGSQL.5432')) }
      pairs.add(pair)
      connectThrough(pair, state, () => pairs.delete(pair))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const endAll = (): void => {
    for (const { client } of pairs) client.destroy()
    for (const client of held) client.destroy()
    held.clear()
  }

  return {
    url: (database) => `postgres://baimo@127.0.0.1:${port}/${database}`,
    set(mode) {
      state.mode = mode
      if (mode === 'refuse') endAll()
      for (const socket of [...pairs].flatMap((pair) => [pair.client, pair.server]))
        if (mode === 'black-hole') socket.pause()
        else socket.resume()
      if (mode === 'pass') for (const client of held) client.destroy()
    },
    cutAnswerTo(text) {
      state.cutText = text
      return new Promise((resolve) => {
        state.onCut = resolve
      })
    },
    dropNotifications() {
      state.isDeaf = true
    },
    async close() {
      endAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function connectThrough(pair: Pair, state: State, onEnd: () => void): void {
  let isCut = false
  const end = (): void => {
    onEnd()
    pair.client.destroy()
    pair.server.destroy()
  }
  for (const socket of [pair.client, pair.server]) {
    socket.setNoDelay(true)
    socket.on('error', end).on('close', end)
  }
  pair.client.on('data', (chunk: Buffer) => {
    if (state.cutText !== '' && chunk.includes(state.cutText)) {
      isCut = true
      state.cutText = ''
    }
    pair.server.write(chunk)
  })
  pair.server.on('data', (chunk: Buffer) => {
    if (isCut) {
      end()
      state.onCut()
    } else pair.client.write(state.isDeaf ? withoutNotifications(chunk) : chunk)
  })
}

const NOTIFICATION = 'A'.charCodeAt(0)

/** Messages come whole here: the server writes them at once, and ours are short. */
function withoutNotifications(chunk: Buffer): Buffer {
  const kept: Buffer[] = []
  for (let at = 0; at + 5 <= chunk.length; ) {
    const length = 1 + chunk.readUInt32BE(at + 1)
    if (chunk[at] !== NOTIFICATION) kept.push(chunk.subarray(at, at + length))
    at += length
  }
  return Buffer.concat(kept)
}
