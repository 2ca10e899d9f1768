import { type AddressInfo, createServer, type Socket } from 'node:net'

export interface BlackHole {
  /** Of https, with `/v1`. */
  readonly baseUrl: string
  readonly port: number
  /** Connections that came so far. */
  readonly taken: () => number
  close(): Promise<void>
}

/**
 * A server to which no connection is ever established: it takes what comes and never says a word of
 * the TLS handshake that its address asks for. For whoever connects this is a host that hangs.
 */
export async function openBlackHole(): Promise<BlackHole> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.resume()
    sockets.push(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    baseUrl: `https://127.0.0.1:${port}/v1`,
    taken: () => sockets.length,
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
