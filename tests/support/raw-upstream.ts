import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Endpoint } from '../../src/catalog/index.ts'
import { newId } from '../../src/kernel/index.ts'

/** A server that answers as the test says; closed after it. */
export async function openRawUpstream(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Endpoint> {
  const server = createServer((request, response) => {
    request.resume().once('end', () => answer(request, response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return endpointAt((server.address() as AddressInfo).port)
}

export function endpointAt(port: number): Endpoint {
  return {
    providerId: newId<'provider'>(),
    dialect: 'openai',
    baseUrl: `http://127.0.0.1:${port}/v1`,
    socketPath: null,
    authHeader: null,
    quirks: { acceptsStreamOptions: true, rejectedParameters: [] },
  }
}

/** Writes a piece again and again, until the client has gone. */
export function writeForever(
  response: ServerResponse,
  piece: string | Buffer,
  gapMs: number,
): void {
  if (response.destroyed) return
  const isTaken = response.write(piece)
  const goOn = (): void => writeForever(response, piece, gapMs)
  if (!isTaken) response.once('drain', goOn)
  else if (gapMs === 0) setImmediate(goOn)
  else setTimeout(goOn, gapMs)
}
