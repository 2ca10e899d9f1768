// edge: talks to providers over sockets, by timers
import type { Dispatcher, Pool } from 'undici'
import type { Endpoint } from '../catalog/index.ts'
import { describeFailure } from './describe-failure.ts'
import { refuseProvider } from './errors.ts'
import { requestHeaders, responseHeaders } from './filter-headers.ts'
import type { Lane, Passenger } from './lane.ts'
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

export interface DispatchLimits {
  /** Longest wait for a connection while all are busy. */
  readonly queueTimeoutMs: number
  /** Longest wait for a connection while one is free to be opened, where the request says none. */
  readonly connectTimeoutMs: number
}

interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Record<string, string | string[]>
  readonly body: Buffer | null
  readonly connectTimeoutMs?: number | undefined
  readonly headersTimeoutMs: number
  readonly bodyTimeoutMs: number
}

/** Sends one request to an endpoint; see `Providers.dispatch`. */
export function dispatchRequest(
  pools: Pools,
  limits: DispatchLimits,
  call: { endpoint: Endpoint; request: ProviderRequest; handler: ProviderHandler },
): Abort {
  const { endpoint, request, handler } = call
  return send(pools, limits, {
    endpoint,
    handler,
    call: {
      method: 'POST',
      path: PATHS[request.operation],
      headers: requestHeaders(request.headers ?? {}, endpoint.authHeader),
      body: request.body,
      connectTimeoutMs: request.connectTimeoutMs,
      headersTimeoutMs: request.headersTimeoutMs,
      bodyTimeoutMs: request.bodyTimeoutMs,
    },
  })
}

/** Sends one call of any method; `dispatchRequest` and the model list stand on it. */
export function send(
  pools: Pools,
  limits: DispatchLimits,
  order: { endpoint: Endpoint; call: Call; handler: ProviderHandler },
): Abort {
  const exchange = new Exchange(order.handler, order.call, limits)
  try {
    const { lane, prefix } = pools.routeTo(order.endpoint)
    exchange.enter(lane, prefix)
  } catch (error) {
    exchange.fail(error)
  }
  exchange.hasReturned = true
  return (reason) => exchange.abort(reason)
}

/**
 * One exchange between undici and our handler. It makes the order of calls certain (one end,
 * nothing after it, nothing before `send` has returned) and can be aborted while it waits in line.
 */
class Exchange implements Dispatcher.DispatchHandler, DispatchControl, Passenger {
  readonly #handler: ProviderHandler
  readonly #limits: DispatchLimits
  readonly sizeBytes: number
  /** Null once it was sent on or given up: nothing in line holds its body then. */
  #call: Call | null
  #prefix = ''
  #lane: Lane | null = null
  #controller: Dispatcher.DispatchController | null = null
  /** For a connection: in line, and then until one is there. */
  #timer: NodeJS.Timeout | null = null
  #isOver = false
  hasReturned = false

  constructor(handler: ProviderHandler, call: Call, limits: DispatchLimits) {
    this.#handler = handler
    this.#call = call
    this.#limits = limits
    this.sizeBytes = call.body?.length ?? 0
  }

  enter(lane: Lane, prefix: string): void {
    this.#prefix = prefix
    this.#lane = lane
    const place = lane.enter(this)
    if (place === 'full') throw saturated()
    if (place === 'started') return
    this.#timer = setTimeout(() => this.fail(saturated()), this.#limits.queueTimeoutMs)
  }

  start(pool: Pool): void {
    const call = this.#call
    this.#call = null
    this.#clearTimer()
    if (call === null || this.#isOver) return
    const connectMs = call.connectTimeoutMs ?? this.#limits.connectTimeoutMs
    if (this.#lane !== null) this.#lane.connectTimeoutMs = connectMs
    this.#timer = setTimeout(() => this.fail(noConnection()), connectMs)
    try {
      pool.dispatch(
        {
          method: call.method,
          path: this.#prefix + call.path,
          headers: call.headers,
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

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
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

  /** Ends the exchange with an error, once, and closes the upstream's connection if it has one. */
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

  /** A bug of the handler's ends its exchange: thrown from a timer it would end the process. */
  #tell(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.fail(error)
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#clearTimer()
    if (this.#isOver) controller.abort(new Error('given up while waiting for a connection'))
    else this.#tell(() => this.#handler.onRequestStart?.(this))
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: ResponseHeaders,
    statusText?: string,
  ): void {
    if (this.#isOver || status < 200) return // 1xx: the real answer is still to come
    if (status >= 300 && status < 400) {
      this.fail(
        refuseProvider(
          'providers_redirected',
          'The provider redirects, which is not followed: add it by its final address.',
        ),
      )
      return
    }
    this.#tell(() =>
      this.#handler.onResponseStart(this, status, responseHeaders(headers), statusText ?? ''),
    )
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isOver) this.#tell(() => this.#handler.onResponseData(this, chunk))
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
    this.fail(error)
  }

  /** Whether this call ended it: false when it was over already. */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#call = null
    this.#clearTimer()
    this.#lane?.leave(this)
    return true
  }
}

/** The exchange is over and nobody is left to hear of it: it must be seen all the same. */
function warnOfBug(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error))
}

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
