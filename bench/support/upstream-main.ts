// An upstream that answers at once: bytes made beforehand, on a bare socket, so that it costs
// next to nothing beside what is measured before it. A process of its own; tells its port by IPC.
//
// A request whose body says `"stream":true` gets as many chunks as its text asks for ("20 chunks"),
// one each millisecond, as separate writes: real models do not answer in one packet either.
import { type AddressInfo, createServer, type Socket } from 'node:net'

const MODEL = 'bench-model'
const HEAD_END = Buffer.from('\r\n\r\n')
const STREAM = Buffer.from('"stream":true')

const listHead = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'
const streamHead =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'

function whole(body: object): Buffer {
  const text = JSON.stringify(body)
  return Buffer.from(`${listHead}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
}

const ANSWER = whole({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: MODEL,
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'word '.repeat(300) },
      finish_reason: 'stop',
    },
  ],
  usage: { prompt_tokens: 100, completion_tokens: 300, total_tokens: 400 },
})
const MODELS = whole({ object: 'list', data: [{ id: MODEL, object: 'model' }] })

function piece(choices: object[], more: object = {}): string {
  const about = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: MODEL }
  const text = `data: ${JSON.stringify({ ...about, choices, ...more })}\n\n`
  return `${text.length.toString(16)}\r\n${text}\r\n`
}

const DELTA = Buffer.from(piece([{ index: 0, delta: { content: ' token' }, finish_reason: null }]))
const FIRST = Buffer.concat([Buffer.from(streamHead), DELTA])
const END = Buffer.from(
  piece([{ index: 0, delta: {}, finish_reason: 'stop' }]) +
    piece([], { usage: { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 } }) +
    'e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n',
)

/** How many chunks each running stream has still to send. */
const streams = new Map<Socket, number>()
setInterval(() => {
  for (const [socket, left] of streams) {
    if (left > 0) streams.set(socket, left - 1)
    else streams.delete(socket)
    socket.write(left > 0 ? DELTA : END)
  }
}, 1)

function answer(socket: Socket, request: Buffer): void {
  if (request.indexOf('GET /v1/models ') === 0) socket.write(MODELS)
  else if (request.indexOf(STREAM) < 0) socket.write(ANSWER)
  else {
    const chunks = Number(/(\d+) chunks/.exec(request.toString('latin1'))?.[1] ?? 20)
    socket.write(FIRST)
    streams.set(socket, chunks - 1)
  }
}

/** Length of the first request in the bytes; null: it is not whole yet. */
function requestLength(bytes: Buffer): number | null {
  const end = bytes.indexOf(HEAD_END)
  if (end < 0) return null
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, end))?.[1]
  const total = end + HEAD_END.length + Number(length ?? 0)
  return bytes.length < total ? null : total
}

const server = createServer({ noDelay: true }, (socket) => {
  let kept: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    kept = kept.length === 0 ? chunk : Buffer.concat([kept, chunk])
    const length = requestLength(kept)
    if (length === null) return
    answer(socket, kept.subarray(0, length))
    kept = kept.subarray(length)
  })
  socket.on('error', () => socket.destroy())
  socket.on('close', () => streams.delete(socket))
})
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})
process.once('disconnect', () => process.exit(0))
