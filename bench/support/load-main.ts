// The load generator, a process of its own that is told by IPC what to send: bare sockets with one
// request each at a time, and no more reading of the answers than their ends and times need.
import { connect, type Socket } from 'node:net'
import type { Load, Timings } from './load.ts'

const READ_BYTES = 64 * 1024
const TAIL_BYTES = 32
const HEAD_END = Buffer.from('\r\n\r\n')
const LAST_CHUNK = Buffer.from('0\r\n\r\n')
const DONE = Buffer.from('data: [DONE]')
const LONGEST_MS = 120_000

/** Reads one answer after the other from a socket. */
class AnswerReader {
  #head: Buffer | null = Buffer.alloc(0)
  /** Bytes of the body still to come; null: chunked. */
  #left: number | null = null
  #tail = Buffer.alloc(0)
  readonly #isStream: boolean
  hasBody = false

  constructor(isStream: boolean) {
    this.#isStream = isStream
  }

  /** Whether the answer is whole with these bytes. Throws when it is not the one expected. */
  push(bytes: Buffer): boolean {
    let body = bytes
    if (this.#head !== null) {
      const head = Buffer.concat([this.#head, bytes])
      const end = head.indexOf(HEAD_END)
      if (end < 0) {
        this.#head = head
        return false
      }
      this.#readHead(head.toString('latin1', 0, end))
      this.#head = null
      body = head.subarray(end + HEAD_END.length)
    }
    if (body.length > 0) this.hasBody = true
    if (this.#left === null) return this.#takeChunked(body)
    this.#left -= body.length
    return this.#left === 0
  }

  #takeChunked(body: Buffer): boolean {
    const all = this.#tail.length === 0 ? body : Buffer.concat([this.#tail, body])
    // A copy: the buffer that was read into is used again.
    this.#tail = Buffer.from(all.subarray(-TAIL_BYTES))
    if (this.#tail.subarray(-LAST_CHUNK.length).compare(LAST_CHUNK) !== 0) return false
    if (this.#isStream && this.#tail.indexOf(DONE) < 0) throw new Error('a stream without [DONE]')
    return true
  }

  #readHead(head: string): void {
    if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(`answered ${head.slice(0, 200)}`)
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
    this.#left = length === undefined ? null : Number(length)
  }

  next(): void {
    this.#head = Buffer.alloc(0)
    this.#tail = Buffer.alloc(0)
    this.hasBody = false
  }
}

/** One connection's requests, one after the other, until `take` says that there are enough. */
function keepAsking(
  load: Load,
  take: () => boolean,
  done: (firstMs: number, totalMs: number) => void,
): Promise<void> {
  const request = Buffer.from(load.request, 'latin1')
  const reader = new AnswerReader(load.isStream)
  return new Promise((resolve, reject) => {
    let startMs = 0
    let firstMs = 0
    const send = (): void => {
      if (!take()) {
        socket.destroy()
        resolve()
        return
      }
      firstMs = 0
      startMs = performance.now()
      socket.write(request)
    }
    const read = (bytes: Buffer): void => {
      const isWhole = reader.push(bytes)
      if (firstMs === 0 && reader.hasBody) firstMs = performance.now() - startMs
      if (!isWhole) return
      done(firstMs, performance.now() - startMs)
      reader.next()
      send()
    }
    const socket: Socket = connect({
      port: load.port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: Buffer.alloc(READ_BYTES),
        callback: (size, buffer) => {
          try {
            read(Buffer.from(buffer.buffer, buffer.byteOffset, size))
          } catch (error) {
            socket.destroy(error instanceof Error ? error : new Error(String(error)))
          }
          return true
        },
      },
    })
    socket.setTimeout(LONGEST_MS, () => socket.destroy(new Error('no answer in two minutes')))
    socket.once('connect', send)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the connection closed in the middle')))
  })
}

async function run(load: Load): Promise<Timings> {
  const total = load.warmUp + load.count
  const first = new Float64Array(load.count)
  const whole = new Float64Array(load.count)
  let begun = 0
  let ended = 0
  let startMs = 0
  const take = (): boolean => {
    if (begun >= total) return false
    begun += 1
    return true
  }
  const done = (firstMs: number, totalMs: number): void => {
    const at = ended - load.warmUp
    ended += 1
    if (at < 0) return
    if (at === 0) startMs = performance.now() - totalMs
    first[at] = firstMs
    whole[at] = totalMs
  }
  await Promise.all(Array.from({ length: load.connections }, () => keepAsking(load, take, done)))
  return { firstMs: first, totalMs: whole, wallMs: performance.now() - startMs }
}

process.on('message', (load: Load) => {
  run(load).then(
    (timings) => process.send?.(timings),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.once('disconnect', () => process.exit(0))
process.send?.({ isReady: true })
