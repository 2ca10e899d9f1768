// edge: writes an answer to the client's socket, by its timer.
import type { ServerResponse } from 'node:http'
import { isJsonObject, parseJson } from '../kernel/index.ts'
import type { ResponseHeaders } from '../providers/index.ts'
import { passedHeaders, passedType } from './client.ts'
import { PassedError } from './streamed-answer.ts'
import type { ShapedError } from './types.ts'

/** A client that takes nothing for so long is taken as gone: it holds memory and connections. */
export const CLIENT_STALL_MS = 300_000
/** A large answer goes out in pieces, so that it can be seen whether the client takes them. */
const PIECE_BYTES = 256 * 1024

/** Names and values in turn, each name once: as Node writes them fastest. */
export type HeaderList = readonly string[]

/** A whole answer at once, with the provider's headers that are for the client too. */
export function writeWhole(
  response: ServerResponse,
  answer: { status: number; upstream: ResponseHeaders; own: HeaderList; body: Buffer },
): void {
  if (response.destroyed) return
  const { status, upstream, own, body } = answer
  const head = headOf(upstream, own)
  head.push('content-type', passedType(upstream, 'json', 'application/json'))
  head.push('content-length', String(body.length))
  response.writeHead(status, head)
  endAnswer(response, body)
}

export function writeStreamHead(
  response: ServerResponse,
  upstream: ResponseHeaders,
  own: HeaderList,
): void {
  const head = headOf(upstream, own)
  head.push('content-type', passedType(upstream, 'text/event-stream', 'text/event-stream'))
  head.push('cache-control', 'no-cache', 'x-accel-buffering', 'no')
  response.writeHead(200, head)
}

/** Ours and those of the provider's that are for the client too. No name is in both. */
function headOf(upstream: ResponseHeaders, own: HeaderList): string[] {
  const head = [...own]
  const passed = passedHeaders(upstream, own)
  for (const name in passed) head.push(name, passed[name] ?? '')
  return head
}

/** Before any byte of an answer an error with its status; after it an error event, no [DONE]. */
export function writeFailure(
  response: ServerResponse,
  failure: { error: Error; shaped: ShapedError; own: HeaderList },
): void {
  const { error, shaped, own } = failure
  if (response.destroyed) return // nobody is left to tell
  if (response.headersSent) {
    const event = error instanceof PassedError ? error.event : `data: ${shaped.body}\n\n`
    endAnswer(response, Buffer.from(event))
    return
  }
  const body = Buffer.from(shaped.body)
  const head: Record<string, string> = {}
  for (let at = 0; at < own.length; at += 2) head[own[at] ?? ''] = own[at + 1] ?? ''
  Object.assign(head, shaped.headers, { 'content-length': String(body.length) })
  response.writeHead(shaped.status, head)
  endAnswer(response, body)
}

/** An error of the provider's own as an event, for a stream of which only comments went out. */
export function errorEvent(body: Buffer, status: number): Buffer {
  const value = parseJson(body.toString('utf8'))
  const object = isJsonObject(value) ? value : {}
  // On one line, and under the name that clients look for.
  const shown = 'error' in object ? object : { error: { ...object, code: status } }
  return Buffer.from(`data: ${JSON.stringify(shown)}\n\n`)
}

/** Writes the last bytes and ends; closes the connection of a client that takes none of them. */
export function endAnswer(response: ServerResponse, bytes: Buffer): void {
  let at = 0
  const goOn = (): void => {
    if (response.destroyed) return
    while (bytes.length - at > PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES)
      at += PIECE_BYTES
      if (!response.write(piece)) {
        onceDrained(response, goOn)
        return
      }
    }
    response.end(at === 0 ? bytes : bytes.subarray(at))
    if (response.socket?.writableLength === 0) return // the system has taken all of it
    const stalled = setTimeout(() => response.destroy(), CLIENT_STALL_MS)
    response.once('close', () => clearTimeout(stalled))
  }
  goOn()
}

/** Calls `goOn` once the client has taken what was written, or is gone; in 300 s at the latest. */
export function onceDrained(response: ServerResponse, goOn: () => void): void {
  const stalled = setTimeout(() => response.destroy(), CLIENT_STALL_MS)
  const next = (): void => {
    clearTimeout(stalled)
    response.off('drain', next).off('close', next)
    goOn()
  }
  response.on('drain', next).on('close', next)
}
