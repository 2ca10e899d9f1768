// edge: talks to providers over sockets, by timers
import type { Dispatcher, Pool } from 'undici'
import type { Endpoint } from '../catalog/index.ts'
import { NO_SLOT } from '../kernel/index.ts'
import { describeFailure } from './describe-failure.ts'
import { refuseProvider } from './errors.ts'
import { withoutNamed } from './filter-headers.ts'
import type { Lane, Passenger } from './lane.ts'
import type { Caller, Line } from './line.ts'
import type { Deadlined, Deadlines } from './open-deadlines.ts'
import type { Pools } from './pools.ts'
import type {
  Abort,
  DispatchControl,
  ProviderHandler,
  ProviderOperation,
  ProviderRequest,
  ResponseHeaders,
} from './types.ts'

const PATHS: Readonly<Record<ProviderOperation, string>> = {
  chat: '/chat/completions',
  completions: '/completions',
  embeddings: '/embeddings',
}

export interface DispatchMeans {
  /** Longest wait for a connection while all are busy. */
  readonly queueTimeoutMs: number
  /** Longest wait for a connection while one is free to be opened, where the request says none. */
  readonly connectTimeoutMs: number
  readonly deadlines: Deadlines
  /** The headers to send, as one list of names and values. */
  readonly headersFor: (given: ResponseHeaders, endpoint: Endpoint) => readonly string[]
}

const NO_HEADERS: ResponseHeaders = {}

interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: ResponseHeaders
  readonly body: Buffer | null
  readonly connectTimeoutMs?: number | undefined
  readonly headersTimeoutMs: number
  readonly bodyTimeoutMs: number
}

interface Order {
  readonly endpoint: Endpoint
  readonly call: Call
  readonly handler: ProviderHandler
}

/** Sends one request to an endpoint; see `Providers.dispatch`. */
export function dispatchRequest(
  pools: Pools,
  means: DispatchMeans,
  call: { endpoint: Endpoint; request: ProviderRequest; handler: ProviderHandler },
): Abort {
  const { endpoint, request, handler } = call
  return send(pools, means, {
    endpoint,
    handler,
    call: {
      method: 'POST',
      path: PATHS[request.operation],
      headers: request.headers ?? NO_HEADERS,
      body: request.body,
      connectTimeoutMs: request.connectTimeoutMs,
      headersTimeoutMs: request.headersTimeoutMs,
      bodyTimeoutMs: request.bodyTimeoutMs,
    },
  })
}

/** Sends one call of any method; `dispatchRequest` and the model list stand on it. */
export function send(pools: Pools, means: DispatchMeans, order: Order): Abort {
  const dispatch = new Dispatch(order, means)
  try {
    const { lane, prefix } = pools.routeTo(order.endpoint)
    dispatch.enter(lane, prefix)
  } catch (error) {
    dispatch.fail(error)
  }
  dispatch.hasReturned = true
  return (reason) => dispatch.abort(reason)
}

/**
 * One call on its way between undici and our handler. It makes the order of calls certain (one end,
 * nothing after it, nothing before `send` has returned) and can be aborted while it waits in line.
 */
class Dispatch
  implements Dispatcher.DispatchHandler, DispatchControl, Passenger, Deadlined, Caller
{
  readonly #handler: ProviderHandler
  readonly #endpoint: Endpoint
  readonly #means: DispatchMeans
  readonly sizeBytes: number
  /** Null once it was sent on or given up: nothing in line holds its body then. */
  #call: Call | null
  /** What was sent, while it may have to be sent again. */
  #sent: Call | null = null
  #line: Line | null = null
  #isReused = false
  /** A connection of its own, where it found the one it was given dead. */
  #fresh: Pool | null = null
  #prefix = ''
  #lane: Lane | null = null
  #controller: Dispatcher.DispatchController | null = null
  /** Whether it waits for a connection: in line, and then until one is there. */
  #isWaiting = false
  /** Among the deadlines. */
  slot = NO_SLOT
  deadlineMs = 0
  isRunning = false
  #isOver = false
  hasReturned = false

  constructor(order: Order, means: DispatchMeans) {
    this.#handler = order.handler
    this.#endpoint = order.endpoint
    this.#call = order.call
    this.#means = means
    this.sizeBytes = order.call.body?.length ?? 0
  }

  enter(lane: Lane, prefix: string): void {
    this.#prefix = prefix
    this.#lane = lane
    const place = lane.enter(this)
    if (place === 'full') throw saturated()
    if (place === 'started') return
    this.#wait(this.#means.queueTimeoutMs)
  }

  start(pool: Pool): void {
    const call = this.#call
    this.#call = null
    if (call === null || this.#isOver) return
    const connectMs = call.connectTimeoutMs ?? this.#means.connectTimeoutMs
    if (this.#lane !== null) this.#lane.connectTimeoutMs = connectMs
    this.#sendBy(pool, call, connectMs)
  }

  takeLine(line: Line): void {
    this.#line = line
  }

  #sendBy(pool: Pool, call: Call, connectMs: number): void {
    this.#sent = call
    this.#wait(connectMs)
    try {
      pool.dispatch(
        {
          method: call.method,
          path: this.#prefix + call.path,
          // It is only read, whatever its type says.
          headers: this.#means.headersFor(call.headers, this.#endpoint) as string[],
          body: call.body,
          headersTimeout: call.headersTimeoutMs,
          bodyTimeout: call.bodyTimeoutMs,
        },
        this,
      )
    } catch (error) {
      this.fail(error)
    }
  }

  #wait(longestMs: number): void {
    this.#isWaiting = true
    this.#means.deadlines.add(this, longestMs)
  }

  #waitNoMore(): void {
    if (this.#isWaiting) this.#means.deadlines.delete(this)
    this.#isWaiting = false
  }

  /** It has waited too long: in line while it still has its call, else for its connection. */
  late(): void {
    this.fail(this.#call === null ? noConnection() : saturated())
  }

  pause(): void {
    if (!this.#isOver) this.#controller?.pause()
  }

  resume(): void {
    if (!this.#isOver) this.#controller?.resume()
  }

  abort(reason?: Error): void {
    const options = reason === undefined ? {} : { cause: reason }
    this.fail(refuseProvider('providers_aborted', 'The request was given up.', options))
  }

  /** Ends the dispatch with an error, once, and closes the upstream's connection if it has one. */
  fail(error: unknown): void {
    if (!this.#end()) return
    const failure = describeFailure(error)
    // The handler hears of it from here, so what undici says of the abort is not passed on.
    this.#controller?.abort(failure)
    if (this.hasReturned) this.#tellError(failure)
    else queueMicrotask(() => this.#tellError(failure))
  }

  #tellError(failure: Error): void {
    try {
      this.#handler.onResponseError(this, failure)
    } catch (error) {
      warnOfBug(error)
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#isReused = this.#line?.begin() ?? false
    this.#waitNoMore()
    if (this.#isOver) controller.abort(new Error('given up while waiting for a connection'))
    else {
      // A bug of the handler's ends its dispatch, here and below: nobody else would catch it.
      try {
        this.#handler.onRequestStart?.(this)
      } catch (error) {
        this.fail(error)
      }
    }
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: ResponseHeaders,
    statusText?: string,
  ): void {
    if (this.#isOver || status < 200) return // 1xx: the real answer is still to come
    this.#sent = null
    if (status >= 300 && status < 400) {
      this.fail(
        refuseProvider(
          'providers_redirected',
          'The provider redirects, which is not followed: add it by its final address.',
        ),
      )
      return
    }
    try {
      this.#handler.onResponseStart(this, status, withoutNamed(headers), statusText ?? '')
    } catch (error) {
      this.fail(error)
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return
    try {
      this.#handler.onResponseData(this, chunk)
    } catch (error) {
      this.fail(error)
    }
  }

  onResponseEnd(): void {
    if (!this.#end()) return
    try {
      this.#handler.onResponseEnd(this)
    } catch (error) {
      warnOfBug(error)
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (!this.#isOver && this.#sendAnew(error)) return
    this.fail(error)
  }

  /**
   * A server may close a connection that rests at the moment when it is used again: that is
   * nobody's fault, and the request is sent again at once, over a new connection and once. Not what
   * our own engine lost: it sends that again itself.
   */
  #sendAnew(error: Error): boolean {
    const call = this.#sent
    const lane = this.#lane
    const wasDead = this.#isReused && this.#line?.isSilent === true
    if (call === null || lane === null || !wasDead || this.#fresh !== null) return false
    if (this.#endpoint.socketPath !== null) return false
    if (describeFailure(error).code !== 'providers_connection_lost') return false
    this.#controller = null
    this.#fresh = lane.openFresh()
    this.#sendBy(this.#fresh, call, call.connectTimeoutMs ?? this.#means.connectTimeoutMs)
    return true
  }

  /** Whether this call ended it: false when it was over already. */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#call = null
    this.#sent = null
    this.#fresh?.close().catch(ignore) // it ends with this dispatch
    this.#waitNoMore()
    this.#lane?.leave(this)
    return true
  }
}

/** The dispatch is over and nobody is left to hear of it: it must be seen all the same. */
function warnOfBug(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error))
}

function ignore(): void {}

function noConnection(): Error {
  return refuseProvider('providers_timeout', 'The provider accepted no connection in time.')
}

function saturated(): Error {
  return refuseProvider(
    'providers_saturated',
    'All connections to the provider are busy: try again later.',
    { retryAfterSeconds: 1 },
  )
}
