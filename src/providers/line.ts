// edge: one connection to a provider, between its socket and undici.
import type { Socket } from 'node:net'
import { type buildConnector, Client, type Dispatcher } from 'undici'

const CONTINUE = Buffer.from(' 100 ')
/** Where the status begins, after `HTTP/1.1`. */
const STATUS_AT = 8
const HEAD_END = Buffer.from('\r\n\r\n')

/** A dispatch that wants to know which line it goes over. */
export interface Caller {
  takeLine(line: Line): void
}

/** One connection at a time, and what undici does not tell of it. */
export class Line {
  #requests = 0
  #awaitsHead = false
  #isSilent = true

  /** Whether no byte has come since the last request began. */
  get isSilent(): boolean {
    return this.#isSilent
  }

  /** A request is about to be written. Whether others have been over this connection before. */
  begin(): boolean {
    this.#requests += 1
    this.#awaitsHead = true
    this.#isSilent = true
    return this.#requests > 1
  }

  /**
   * Looks at what comes over a new connection. A `100 Continue` that nobody asked for is allowed
   * (RFC 9110, 15.2.1), but undici takes it for a fault and closes the connection: it is left out.
   */
  watch(socket: Socket): void {
    this.#requests = 0
    const read = socket.read.bind(socket)
    socket.read = (size?: number): unknown => {
      for (;;) {
        const chunk: unknown = read(size)
        if (!this.#awaitsHead || !Buffer.isBuffer(chunk)) return chunk
        this.#isSilent = false
        const rest = withoutContinue(chunk)
        if (rest.length === 0) continue
        this.#awaitsHead = false
        return rest
      }
    }
  }
}

/** What follows the answers `100 Continue` at the beginning; one that is cut is not seen. */
export function withoutContinue(chunk: Buffer): Buffer {
  let rest = chunk
  while (rest.subarray(STATUS_AT, STATUS_AT + CONTINUE.length).equals(CONTINUE)) {
    const end = rest.indexOf(HEAD_END)
    if (end < 0) return rest
    rest = rest.subarray(end + HEAD_END.length)
  }
  return rest
}

/** A client of one connection that tells those who dispatch by it about its line. */
export class LineClient extends Client {
  readonly #line: Line

  constructor(origin: URL, options: object, connect: buildConnector.connector) {
    const line = new Line()
    super(origin, {
      ...options,
      connect: (target, done) =>
        connect(target, (...result) => {
          if (result[0] === null) line.watch(result[1])
          done(...result)
        }),
    })
    this.#line = line
  }

  override dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    if (isCaller(handler)) handler.takeLine(this.#line)
    return super.dispatch(options, handler)
  }
}

function isCaller(handler: object): handler is Caller {
  return 'takeLine' in handler
}
