// The floor for a relay in Node: takes a request, sends it on with undici, passes the answer. No
// key is looked at, nothing is counted, nothing is kept. Its upstream's port is the argument.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'

const upstream = new Pool(`http://127.0.0.1:${process.argv[2]}`, { connections: 64, pipelining: 1 })

function relay(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const headers = { 'content-type': 'application/json', authorization: 'Bearer upstream' }
  upstream.dispatch(
    { path: request.url ?? '/', method: 'POST', headers, body },
    {
      onRequestStart() {},
      onResponseStart(_control, status, received) {
        const length = received['content-length']
        response.writeHead(status, {
          'content-type': String(received['content-type']),
          ...(length === undefined ? {} : { 'content-length': String(length) }),
        })
      },
      onResponseData(control, chunk) {
        if (response.write(chunk)) return
        control.pause()
        response.once('drain', () => control.resume())
      },
      onResponseEnd: () => response.end(),
      onResponseError: (_control, error) => response.destroy(error),
    },
  )
}

const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const only = parts.length === 1 ? parts[0] : undefined
    relay(request, response, only ?? Buffer.concat(parts))
  })
})
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})
process.once('disconnect', () => process.exit(0))
