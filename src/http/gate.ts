// edge: talks to requests and replies of fastify.
import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  type Authenticate,
  type Credentials,
  mayCall,
  type Principal,
  type Route,
  writeSessionCookie,
} from '../people/index.ts'
import { allowedHosts, isAllowedHost } from './check-host.ts'
import { isOwnOrigin } from './check-origin.ts'
import { refuse } from './errors.ts'
import { readCredentials } from './read-credentials.ts'
import { refuseCall } from './refuse-call.ts'

export interface GateOptions {
  readonly authenticate: Authenticate
  readonly host: string
  readonly hostNames: readonly string[]
  readonly publicUrl?: string | null
  readonly isStopping: () => boolean
  readonly mayWrite?: () => void
}

export type Gate = (
  request: FastifyRequest,
  reply: FastifyReply,
  done: (error?: Error) => void,
) => void

/**
 * What stands before every route and before its body is read: the host asked for, who asks, and
 * whether the route's declaration lets them. A known key passes without waiting a turn.
 */
export function createGate(options: GateOptions): Gate {
  const hosts = allowedHosts(options.host, options.hostNames, options.publicUrl)

  const isSecure = options.publicUrl?.startsWith('https:') ?? false

  function check(request: FastifyRequest): Promise<void> | undefined {
    const { route } = request.routeOptions.config
    request.dialect = route?.dialect ?? 'problem'
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1')
      throw refuse('http_request_malformed', 'Send a host header, as HTTP/1.1 demands.')
    if (!isAllowedHost(request.headers.host, hosts)) throw refuseHost(request.headers.host)
    if (route === undefined) return undefined
    if (options.isStopping() && route.path !== '/healthz')
      throw refuse('http_stopping', 'The market is stopping. Try again in a moment.', {
        retryAfterSeconds: 5,
      })
    // What does not look at its caller costs no look-up, and answers while the database is away.
    const isBlind = route.access === 'anyone' && route.seesCaller !== true
    const credentials = isBlind ? null : readCredentials(request.headers)
    if (credentials === null) return letIn(request, route, null)
    if (credentials.kind === 'session' && changesSomething(request)) demandOwnOrigin(request)
    return identify(request, route, credentials)
  }

  function identify(
    request: FastifyRequest,
    route: Route,
    credentials: Credentials,
  ): Promise<void> | undefined {
    if (route.access === 'anyone') return identifyAnyone(request, credentials)
    const caller = options.authenticate(credentials)
    if (caller instanceof Promise) return caller.then((known) => letIn(request, route, known))
    return letIn(request, route, caller)
  }

  /** Who may call is told so before whether anything can be changed just now. */
  function letIn(request: FastifyRequest, route: Route, caller: Principal | null): undefined {
    admit(request, route, caller)
    if (route.kind === 'json' && changesSomething(request)) options.mayWrite?.()
  }

  /** Where anyone may come, a key or session that is no good counts as none. */
  async function identifyAnyone(request: FastifyRequest, credentials: Credentials) {
    try {
      request.caller = await options.authenticate(credentials)
    } catch {
      request.caller = null // the route is open: it answers as to a stranger
    }
  }

  /** A session that was kept going goes on in the browser too. */
  function pass(request: FastifyRequest, reply: FastifyReply): void {
    if (request.caller?.isRenewed !== true) return
    const credentials = readCredentials(request.headers)
    if (credentials?.kind !== 'session') return
    reply.raw.setHeader('set-cookie', writeSessionCookie(credentials.token, { isSecure }))
  }

  return (request, reply, done) => {
    try {
      const waits = check(request)
      const end = (): void => {
        pass(request, reply)
        done()
      }
      if (waits === undefined) end()
      else waits.then(end, done)
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)))
    }
  }
}

function admit(request: FastifyRequest, route: Route, caller: Principal | null): undefined {
  const decision = mayCall(caller, route)
  if (decision.kind !== 'allowed') throw refuseCall(decision, route)
  request.caller = caller
}

function changesSomething({ method }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD'
}

function demandOwnOrigin({ headers }: FastifyRequest): void {
  const site = headers['sec-fetch-site']
  const from = {
    host: headers.host,
    origin: headers.origin,
    secFetchSite: typeof site === 'string' ? site : undefined,
  }
  if (isOwnOrigin(from)) return
  throw refuse(
    'http_origin_foreign',
    'Only this market’s own pages may act with the browser’s session. Use a key instead.',
  )
}

function refuseHost(header: string | undefined) {
  const shown = (header ?? '').slice(0, 100)
  return refuse(
    'http_host_unknown',
    `The market does not answer to the name ${shown}. Use localhost, or set BAIMO_PUBLIC_URL or BAIMO_HOST_NAMES.`,
  )
}
