// The floor for a relay in Node: takes a request, sends it on with undici, passes the answer. No
// key is looked at, nothing is counted, nothing is kept. Its upstream's port is the argument.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Pool } from 'undici'
import { servePeer } from './serve-peer.ts'

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

servePeer(relay)
