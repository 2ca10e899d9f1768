import { type Json, parseJson } from '../kernel/index.ts'
import { CHUNK_BYTES } from './answer-budget.ts'
import { bringsContent } from './brings-content.ts'
import { refuse } from './errors.ts'
import { readStreamId, refusalOfUs } from './judge-answer.ts'
import { type AnswerEvent, readAnswerEvent, statusOfErrorEvent } from './read-answer-event.ts'
import { EventReader, findData } from './read-events.ts'

/** One event may be as large as an answer with images in it. */
const MAX_EVENT_BYTES = 64 * 1024 * 1024
const BLANK_LINE = Buffer.from('\n\n')
const ROLE = Buffer.from('"role"')
const CALLS = ['"tool_calls"', '"function_call"'].map((key) => Buffer.from(key))
/** One for each choice; a server that says the role with everything is not held back for long. */
const MOST_PREAMBLES = 16

export interface StreamSink {
  /** Whether the client asked for usage in its stream. */
  readonly wantsUsage: boolean
  /** Bytes to send now. */
  readonly write: (bytes: Buffer) => void
  /** All is said; `held` (the terminal event, or nothing) goes out after the commit. */
  readonly complete: (held: Buffer) => void
  /** The stream broke; what was written stands. */
  readonly fail: (error: Error) => void
  /** An error before any content: nothing was written, so it can still be a status. */
  readonly failFirst: (body: Buffer, status: number) => void
}

/**
 * A streamed answer on its way through: cuts it into events, passes them on, learns its usage,
 * holds back the terminal event, and knows a whole answer from one that broke off. Events that only
 * say whose turn it is go out with the first content: until then another provider may still answer.
 * Exactly one of `complete`, `fail` and `failFirst` is called, once.
 */
export class StreamedAnswer {
  readonly #sink: StreamSink
  readonly #reader = new EventReader()
  /** Before it has begun: preambles that wait. After it: what goes out with this chunk. */
  #pending: Buffer[] = []
  #isOver = false
  #hasPart = false
  /** Whether something of it has been passed on, so that its status is fixed. */
  #hasBegun = false
  #hasFinish = false
  usage: Json | null = null
  upstreamId: string | null = null
  deltaCount = 0
  textBytes = 0
  /** Events that brought it further; see `bringsContent`. */
  contentCount = 0

  constructor(sink: StreamSink) {
    this.#sink = sink
  }

  /** What of it must be held for now. */
  get heldBytes(): number {
    let heldBytes = this.#reader.heldBytes
    for (const { length } of this.#pending) heldBytes += length + CHUNK_BYTES
    return heldBytes
  }

  push(chunk: Buffer): void {
    if (this.#isOver) return
    this.#reader.push(chunk, (event) => this.#take(event))
    this.#flush()
    if (this.#reader.keptBytes > MAX_EVENT_BYTES) {
      this.#over()
      this.#sink.fail(
        refuse('gateway_upstream_failed', 'The provider sent an event without an end.'),
      )
    }
  }

  /** The upstream has closed. Without [DONE] the answer is whole only if a choice had finished. */
  end(): void {
    if (this.#isOver) return
    this.#takeRest()
    this.#flush()
    if (this.#isOver) return
    if (!this.#hasFinish) {
      this.#endEarly('The provider ended its answer in the middle; what arrived before stands.')
      return
    }
    this.#over()
    this.#sink.complete(Buffer.alloc(0))
  }

  #endEarly(message: string): void {
    this.#over()
    this.#sink.fail(refuse('gateway_upstream_ended_early', message))
  }

  /**
   * An event that the end has cut is dropped: what is written after it must not become its end.
   * One that lacks only its blank line gets it.
   */
  #takeRest(): void {
    const rest = this.#reader.takeRest()
    const data = findData(rest)
    if (data === null) return
    const text = rest.toString('utf8', data.start, data.end).trim()
    if (text === '[DONE]') this.#take(rest)
    else if (parseJson(text) !== undefined) this.#take(Buffer.concat([rest, BLANK_LINE]))
  }

  #take(event: Buffer): void {
    if (this.#isOver) return
    const read = readAnswerEvent(event, !this.#sink.wantsUsage)
    if (bringsContent(read)) this.contentCount += 1
    switch (read.kind) {
      case 'done':
        if (!this.#hasPart && this.usage === null) {
          this.#endEarly('The provider ended its answer before it had said anything.')
          return
        }
        this.#hasBegun = true
        this.#flush()
        this.#over()
        this.#sink.complete(event)
        return
      case 'error':
        this.#takeError(event, read)
        return
      case 'usage':
        this.usage = read.usage
        if (this.#sink.wantsUsage) this.#passOn(read.bytes)
        return
      case 'part':
        this.#takePart(read)
        return
      case 'note':
        // Before the first part a comment would fix the status; it has nothing to say yet.
        if (this.#hasBegun) this.#passOn(read.bytes)
    }
  }

  #takePart(read: AnswerEvent): void {
    if (!this.#hasPart) {
      this.#hasPart = true
      const data = findData(read.bytes)
      if (data !== null) this.upstreamId = readStreamId(read.bytes.subarray(data.start, data.end))
    }
    if (read.usage !== null) this.usage = read.usage
    if (read.textBytes > 0) this.deltaCount += 1
    this.textBytes += read.textBytes
    this.#hasFinish ||= read.isFinish
    if (!this.#hasBegun && this.#isPreamble(read)) this.#pending.push(read.bytes)
    else this.#passOn(read.bytes)
  }

  #isPreamble({ bytes, textBytes, isFinish, usage }: AnswerEvent): boolean {
    if (textBytes > 0 || isFinish || usage !== null) return false
    if (this.#pending.length >= MOST_PREAMBLES) return false
    return bytes.indexOf(ROLE) >= 0 && CALLS.every((key) => bytes.indexOf(key) < 0)
  }

  #passOn(bytes: Buffer): void {
    this.#hasBegun = true
    this.#pending.push(bytes)
  }

  #takeError(event: Buffer, read: AnswerEvent): void {
    if (this.#hasBegun) {
      this.#flush()
      this.#over()
      this.#sink.fail(new PassedError(event))
      return
    }
    this.#over()
    const status = statusOfErrorEvent(read.error)
    const refusal = refusalOfUs(status, read.error)
    if (refusal !== null) this.#sink.fail(refusal)
    else this.#sink.failFirst(Buffer.from(JSON.stringify({ error: read.error })), status)
  }

  #flush(): void {
    if (this.#pending.length === 0 || !this.#hasBegun) return
    const only = this.#pending.length === 1 ? this.#pending[0] : undefined
    const bytes = only ?? Buffer.concat(this.#pending)
    this.#pending = []
    this.#sink.write(bytes)
  }

  #over(): void {
    this.#isOver = true
  }
}

/** An error event of the upstream's own in the middle of its answer: passed on as it came. */
export class PassedError extends Error {
  readonly event: Buffer

  constructor(event: Buffer) {
    super('the provider reported an error in the middle of its answer')
    this.event = event
  }
}
