// edge: talks to providers over pools of sockets, by timers
import type { LookupFunction } from 'node:net'
import { buildConnector, Pool } from 'undici'
import type { Endpoint } from '../catalog/index.ts'
import { refuseProvider } from './errors.ts'
import { guardLookup, refuseForbiddenHost } from './guard-address.ts'
import { Lane, type LaneLimits } from './lane.ts'
import { LineClient } from './line.ts'

export interface PoolOptions extends LaneLimits {
  /** Connections to one provider at a time where its endpoint does not say; more requests wait. */
  readonly connections: number
  readonly connectTimeoutMs: number
  /** After which a lane in which nobody is is closed and forgotten. */
  readonly idleMs: number
  /** How a name becomes addresses. */
  readonly lookup: LookupFunction
}

/** How to reach one endpoint, worked out once. */
export interface Route {
  readonly lane: Lane
  /** The base URL's path, without a trailing slash: what every path is put behind. */
  readonly prefix: string
}

export interface Pools {
  /** Throws `providers_url_invalid`, `providers_address_forbidden`. */
  routeTo(endpoint: Endpoint): Route
  /** Lanes that are open, for tests and metrics. */
  readonly laneCount: number
  close(): Promise<void>
}

/** Connection pools, one for each provider at its origin or socket, opened when first needed. */
export function openPools(options: PoolOptions): Pools {
  const lanes = new Map<string, Lane>()
  let routes = new WeakMap<Endpoint, Route>()
  let isClosed = false
  // A provider that was removed, or has another address now, leaves its lane behind.
  const sweeper = setInterval(sweep, Math.max(options.idleMs / 2, 10))
  sweeper.unref()

  function sweep(): void {
    for (const [key, lane] of lanes) {
      const sinceMs = lane.idleSinceMs
      if (sinceMs === null || performance.now() - sinceMs < options.idleMs) continue
      lanes.delete(key)
      routes = new WeakMap() // they may hold the lane that goes
      lane.close().catch(ignore) // nobody is in it
    }
  }

  function laneOf(endpoint: Endpoint, origin: string): Lane {
    const { providerId, socketPath, maxConnections, addressPolicy } = endpoint
    const connections = maxConnections ?? options.connections
    const key = [providerId, addressPolicy ?? 'private-allowed', socketPath ?? origin].join(' ')
    const known = lanes.get(key)
    known?.resize(connections)
    if (known !== undefined) return known
    const lane = openLane(endpoint, { origin, connections, options })
    lanes.set(key, lane)
    return lane
  }

  return {
    routeTo(endpoint) {
      if (isClosed) {
        throw refuseProvider(
          'providers_closed',
          'The market is closing and sends nothing more to providers.',
        )
      }
      const known = routes.get(endpoint)
      if (known !== undefined) return known
      const url = checkedUrl(endpoint)
      const route: Route = {
        lane: laneOf(endpoint, url.origin),
        prefix: url.pathname.replace(/\/+$/, ''),
      }
      routes.set(endpoint, route)
      return route
    },
    get laneCount() {
      return lanes.size
    },
    async close() {
      isClosed = true
      clearInterval(sweeper)
      await Promise.all([...lanes.values()].map((lane) => lane.close()))
    },
  }
}

function checkedUrl(endpoint: Endpoint): URL {
  const url = URL.parse(endpoint.baseUrl)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw refuseProvider(
      'providers_url_invalid',
      'The address of the provider is not an http or https address: add it again.',
    )
  }
  if (endpoint.socketPath === null) {
    refuseForbiddenHost(url.hostname, endpoint.addressPolicy ?? 'private-allowed')
  }
  return url
}

function openLane(
  endpoint: Endpoint,
  by: { readonly origin: string; readonly connections: number; readonly options: PoolOptions },
): Lane {
  const { origin, connections, options } = by
  const { socketPath, addressPolicy } = endpoint
  const where =
    socketPath === null
      ? { lookup: guardLookup(options.lookup, addressPolicy ?? 'private-allowed') }
      : { socketPath }
  const lane = new Lane({
    ...options,
    connections,
    nowMs: () => performance.now(),
    openPool: (count) => {
      const timeoutMs = () => lane.connectTimeoutMs || options.connectTimeoutMs
      const connect = patientConnector(where, timeoutMs)
      return new Pool(origin, {
        connections: count,
        pipelining: 1,
        factory: (target, given) => new LineClient(target, given, connect),
        // An aborted answer must close its connection at once: only HTTP/1.1 does so for certain.
        allowH2: false,
      })
    },
  })
  return lane
}

/**
 * Opens connections, each with the patience of the moment: it follows a setting that changes. What
 * waits for a connection has a timer of its own; this ends the attempt itself.
 */
function patientConnector(
  where: buildConnector.BuildOptions,
  timeoutMs: () => number,
): buildConnector.connector {
  let patience = { timeoutMs: 0, connect: buildConnector({ allowH2: false }) }
  return (target, done) => {
    const now = timeoutMs()
    if (patience.timeoutMs !== now) {
      const connect = buildConnector({ allowH2: false, ...where, timeout: now })
      patience = { timeoutMs: now, connect }
    }
    return patience.connect(target, done)
  }
}

function ignore(): void {}
