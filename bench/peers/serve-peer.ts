import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Serves a relay in this process, its requests read whole. Whoever started the process is told the
 * port, with what else it needs to know; when they go, `close` runs and the process ends.
 */
export function servePeer(
  relay: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void,
  {
    tells = {},
    close = async () => {},
  }: { readonly tells?: object; readonly close?: () => Promise<void> } = {},
): void {
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const only = parts.length === 1 ? parts[0] : undefined
      relay(request, response, only ?? Buffer.concat(parts))
    })
  })
  server.listen(0, '127.0.0.1', () => {
    process.send?.({ port: (server.address() as AddressInfo).port, ...tells })
  })
  process.once('disconnect', () => void close().finally(() => process.exit(0)))
}
