import { CHUNK_BYTES } from './answer-budget.ts'

const LF = 0x0a
const CR = 0x0d

/**
 * Cuts a stream of server-sent events into whole events, whatever the cuts between chunks.
 * Each event is given with its closing blank line, bytes untouched; lines end in LF or CRLF.
 * Every byte is looked at once and copied at most once, however long a line or an event is.
 */
export class EventReader {
  #parts: Buffer[] = []
  #keptBytes = 0
  /** Bytes of the line that is not whole yet, and whether the last of them is a CR. */
  #lineBytes = 0
  #endsInCr = false

  /** Takes a chunk, gives `emit` every event that is now whole, in order. */
  push(chunk: Buffer, emit: (event: Buffer) => void): void {
    let eventStart = 0
    let lineStart = 0
    for (;;) {
      const lineEnd = chunk.indexOf(LF, lineStart)
      if (lineEnd < 0) break
      const isBlank = this.#isBlank(chunk, lineStart, lineEnd)
      lineStart = lineEnd + 1
      this.#lineBytes = 0
      if (!isBlank) continue
      emit(this.#whole(part(chunk, eventStart, lineStart)))
      eventStart = lineStart
    }
    if (lineStart < chunk.length) {
      this.#lineBytes += chunk.length - lineStart
      this.#endsInCr = chunk[chunk.length - 1] === CR
    }
    if (eventStart < chunk.length) this.#keep(chunk.subarray(eventStart))
  }

  /** Whether the line that ends at `lineEnd` is empty but for a CR, which may have come before. */
  #isBlank(chunk: Buffer, lineStart: number, lineEnd: number): boolean {
    const lengthBytes = this.#lineBytes + lineEnd - lineStart
    if (lengthBytes !== 1) return lengthBytes === 0
    return lineEnd > lineStart ? chunk[lineStart] === CR : this.#endsInCr
  }

  #whole(end: Buffer): Buffer {
    if (this.#parts.length === 0) return end
    const event = Buffer.concat([...this.#parts, end])
    this.#parts = []
    this.#keptBytes = 0
    return event
  }

  /** Bytes of an event that is not whole yet. */
  get keptBytes(): number {
    return this.#keptBytes
  }

  /** What it takes to keep them. */
  get heldBytes(): number {
    return this.#keptBytes + this.#parts.length * CHUNK_BYTES
  }

  /** What is left when the stream has ended: an event without its blank line, or nothing. */
  takeRest(): Buffer {
    this.#lineBytes = 0
    return this.#whole(Buffer.alloc(0))
  }

  #keep(part: Buffer): void {
    this.#parts.push(part)
    this.#keptBytes += part.length
  }
}

/** Most chunks are one event each: these need no view of their own. */
function part(chunk: Buffer, start: number, end: number): Buffer {
  return start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end)
}

/** Where an event's data stands in its bytes; null when it has none, as a comment has none. */
export interface EventData {
  readonly start: number
  readonly end: number
}

const DATA = Buffer.from('data:')
const BYTE_ORDER_MARK = Buffer.from('\ufeff')

/**
 * The data of an event: of its first `data:` line, without the space after the colon. The OpenAI
 * dialect writes one line per event; an event of several is passed on but not looked into. A byte
 * order mark, with which a stream may begin, is looked past.
 */
export function findData(event: Buffer): EventData | null {
  let at =
    event[0] === 0xef && event.subarray(0, 3).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0
  while (at < event.length) {
    const lineEnd = event.indexOf(LF, at)
    const next = lineEnd < 0 ? event.length : lineEnd + 1
    if (standsAt(event, at, DATA)) {
      let start = at + DATA.length
      if (event[start] === 0x20) start += 1
      let end = lineEnd < 0 ? event.length : lineEnd
      if (end > start && event[end - 1] === CR) end -= 1
      return { start, end }
    }
    at = next
  }
  return null
}

/**
 * Whether a word stands at an offset. Byte by byte: for a short word, a part of the buffer to
 * compare with costs more.
 */
export function standsAt(bytes: Buffer, at: number, word: Buffer): boolean {
  for (let index = 0; index < word.length; index += 1)
    if (bytes[at + index] !== word[index]) return false
  return true
}
