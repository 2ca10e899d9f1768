const LF = 0x0a
const CR = 0x0d

/**
 * Cuts a stream of server-sent events into whole events, whatever the cuts between chunks.
 * Each event is given with its closing blank line, bytes untouched; lines end in LF or CRLF.
 * A chunk without a line end is only kept, so a line of megabytes costs one copy, not one a chunk.
 */
export class EventReader {
  #parts: Buffer[] = []
  #keptBytes = 0

  /** Takes a chunk, gives `emit` every event that is now whole, in order. */
  push(chunk: Buffer, emit: (event: Buffer) => void): void {
    if (this.#parts.length > 0 && chunk.indexOf(LF) < 0) {
      this.#keep(chunk)
      return
    }
    const bytes = this.#parts.length === 0 ? chunk : Buffer.concat([...this.#parts, chunk])
    this.#parts = []
    this.#keptBytes = 0
    let eventStart = 0
    let lineStart = 0
    for (;;) {
      const lineEnd = bytes.indexOf(LF, lineStart)
      if (lineEnd < 0) break
      const isBlank =
        lineEnd === lineStart || (lineEnd === lineStart + 1 && bytes[lineStart] === CR)
      lineStart = lineEnd + 1
      if (!isBlank) continue
      emit(bytes.subarray(eventStart, lineStart))
      eventStart = lineStart
    }
    if (eventStart < bytes.length) this.#keep(bytes.subarray(eventStart))
  }

  /** Bytes of an event that is not whole yet. */
  get keptBytes(): number {
    return this.#keptBytes
  }

  /** What is left when the stream has ended: an event without its blank line, or nothing. */
  takeRest(): Buffer {
    const rest = Buffer.concat(this.#parts)
    this.#parts = []
    this.#keptBytes = 0
    return rest
  }

  #keep(part: Buffer): void {
    this.#parts.push(part)
    this.#keptBytes += part.length
  }
}

/** Where an event's data stands in its bytes; null when it has none, as a comment has none. */
export interface EventData {
  readonly start: number
  readonly end: number
}

const DATA = Buffer.from('data:')

/**
 * The data of an event: of its first `data:` line, without the space after the colon. The OpenAI
 * dialect writes one line per event; an event of several is passed on but not looked into.
 */
export function findData(event: Buffer): EventData | null {
  let at = 0
  while (at < event.length) {
    const lineEnd = event.indexOf(LF, at)
    const next = lineEnd < 0 ? event.length : lineEnd + 1
    if (event.subarray(at, at + DATA.length).equals(DATA)) {
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
