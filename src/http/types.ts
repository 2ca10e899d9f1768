import type { Server as HttpServer, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Response as InjectedResponse, InjectOptions } from 'light-my-request'
import type { Clock, Log } from '../kernel/index.ts'
import type { Metrics } from '../metering/index.ts'
import type { Authenticate, Principal, Route } from '../people/index.ts'

/** A request at the door, as the gate and the watch see it. A request of fastify's is one too. */
export interface Visit {
  /** Ours: a UUID of version 7. */
  readonly id: string
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly raw: IncomingMessage
  /** Absent where no route is. */
  readonly route?: Route | undefined
  /** Null until the gate knows it, and for strangers on routes for anyone. */
  caller: Principal | null
  /** Which error shape the request is answered in. */
  dialect: 'problem' | 'openai'
}

declare module 'fastify' {
  interface FastifyRequest extends Pick<Visit, 'caller' | 'dialect' | 'route'> {}
  interface FastifyContextConfig {
    /** What the route says of itself; absent where no route is. */
    route?: Route
  }
}

export interface ServerOptions {
  readonly routes: readonly Route[]
  readonly authenticate: Authenticate
  readonly log: Log
  readonly clock: Clock
  readonly metrics: Metrics
  /** Throws a Refusal while nothing may be changed: asked before JSON routes that change things. */
  readonly mayWrite?: () => void
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** Names that clients may reach it by, besides `host` and loopback's own. */
  readonly hostNames: readonly string[]
  /** Where people reach it, by a proxy; null or absent: by `host` and `port`. */
  readonly publicUrl?: string | null
  /** How long the body of a JSON route may take to arrive; 30 seconds when absent. */
  readonly bodyTimeoutMs?: number
  /** How long headers may take to arrive; 20 seconds when absent. */
  readonly headersTimeoutMs?: number
}

export interface CloseOptions {
  /** How long requests are still taken, so that balancers can turn away; absent: 0. */
  readonly drainMs?: number
  /** How long running answers may go on once nothing new is taken. */
  readonly graceMs: number
  /** Told to end what still runs then. */
  readonly onLate?: () => void
}

export interface Server {
  /** Where it answers, without a slash at its end. */
  readonly url: string
  readonly port: number
  readonly server: HttpServer
  /** Requests that are being answered. */
  readonly runningCount: number
  /**
   * Ends in order. From now on each answer ends its connection. After `drainMs` what still comes
   * is refused with `http_stopping`, until what runs has ended, `graceMs` at most; `onLate` is told
   * then, answers have a second to end by it, and what is left is cut. The door and idle
   * connections close last, when nothing that was sent waits for an answer. The second call waits
   * for the first.
   */
  close(options: CloseOptions): Promise<void>
  /** A request without a socket, for tests. */
  inject(request: InjectOptions): Promise<InjectedResponse>
}
