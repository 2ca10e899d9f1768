// edge: talks to providers over pools of sockets, and to the name service
import { lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { Pool } from 'undici'
import type { Endpoint } from '../catalog/index.ts'
import { isForbiddenAddress, isForbiddenHost } from './address-rules.ts'
import { refuseProvider } from './errors.ts'

export interface PoolOptions {
  /** Connections to one origin at a time; more requests wait for one. */
  readonly connections: number
  readonly connectTimeoutMs: number
}

/** How to reach one endpoint, worked out once. */
export interface Route {
  readonly lane: Lane
  /** The base URL's path, without a trailing slash: what every path is put behind. */
  readonly prefix: string
}

/** The connections to one origin or socket, and how many exchanges are on or waiting for them. */
export interface Lane {
  readonly pool: Pool
  exchanges: number
}

export interface Pools {
  /** Throws `providers_url_invalid`, `providers_address_forbidden`. */
  routeTo(endpoint: Endpoint): Route
  close(): Promise<void>
}

/** Connection pools, one per origin or socket, opened when first needed. */
export function openPools(options: PoolOptions): Pools {
  const lanes = new Map<string, Lane>()
  const routes = new WeakMap<Endpoint, Route>()
  let isClosed = false

  function laneOf(origin: string, socketPath: string | null): Lane {
    const key = socketPath ?? origin
    const known = lanes.get(key)
    if (known !== undefined) return known
    const lane: Lane = { pool: openPool(origin, socketPath, options), exchanges: 0 }
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
        lane: laneOf(url.origin, endpoint.socketPath),
        prefix: url.pathname.replace(/\/+$/, ''),
      }
      routes.set(endpoint, route)
      return route
    },
    async close() {
      isClosed = true
      await Promise.all([...lanes.values()].map((lane) => lane.pool.close()))
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
  if (endpoint.socketPath === null && isForbiddenHost(url.hostname)) throw forbiddenAddress()
  return url
}

function openPool(origin: string, socketPath: string | null, options: PoolOptions): Pool {
  const timeout = options.connectTimeoutMs
  return new Pool(origin, {
    connections: options.connections,
    pipelining: 1,
    // An aborted answer must close its connection at once, which only HTTP/1.1 does for certain.
    allowH2: false,
    connect:
      socketPath === null ? { timeout, lookup: guardLookup(lookup) } : { timeout, socketPath },
  })
}

/** A lookup that refuses a name which leads to a forbidden address, be it one of several. */
export function guardLookup(resolve: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, options, (error, found, family) => {
      const addresses = Array.isArray(found) ? found.map((entry) => entry.address) : [found]
      const isForbidden = error === null && addresses.some(isForbiddenAddress)
      if (isForbidden) callback(forbiddenAddress(), '', 0)
      else callback(error, found, family)
    })
  }
}

function forbiddenAddress(): Error {
  return refuseProvider(
    'providers_address_forbidden',
    'This address is link-local or serves cloud metadata and is never contacted.',
    { param: 'url' },
  )
}
