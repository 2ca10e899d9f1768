// edge: talks to requests and their answers.
import type { ServerResponse } from 'node:http'
import {
  type Authenticate,
  type Credentials,
  mayCall,
  type Principal,
  type Route,
  writeSessionCookie,
} from '../people/index.ts'
import { asksToContinue } from './answer-expectation.ts'
import { allowedHosts, isAllowedHost } from './check-host.ts'
import { isOwnOrigin } from './check-origin.ts'
import { refuse } from './errors.ts'
import { openCredentialsMemory, readCredentials } from './read-credentials.ts'
import { refuseCall } from './refuse-call.ts'
import type { Visit } from './types.ts'
import { untilRead } from './until-read.ts'

export interface GateOptions {
  readonly authenticate: Authenticate
  readonly host: string
  readonly hostNames: readonly string[]
  readonly publicUrl?: string | null
  readonly isStopping: () => boolean
  /** Resolves when who is refused for it may be told so. */
  readonly untilTold: () => Promise<void>
  readonly mayWrite?: () => void
}

/** Who asks whether we live and may be sent requests is told so to the end. */
const tellsOfStop = new Set(['/healthz', '/readyz'])

export type Gate = (request: Visit, response: ServerResponse, done: (error?: Error) => void) => void

/**
 * What stands before every route and before its body is read: the host asked for, who asks, and
 * whether the route's declaration lets them. A known key passes without waiting a turn.
 */
export function createGate(options: GateOptions): Gate {
  const demandHost = hostDemand(options)
  const credentialsOf = openCredentialsMemory()
  const isSecure = options.publicUrl?.startsWith('https:') ?? false

  function check(request: Visit): Promise<void> | undefined {
    const { route } = request
    request.dialect = route?.dialect ?? 'problem'
    demandHost(request)
    if (route === undefined) return undefined
    if (options.isStopping() && !tellsOfStop.has(route.path))
      return refuseOnceRead(request, options.untilTold)
    // What does not look at its caller costs no look-up, and answers while the database is away.
    const isBlind = route.access === 'anyone' && route.seesCaller !== true
    const credentials = isBlind ? null : credentialsOf(request.raw)
    if (credentials === null) return letIn(request, route, null)
    if (credentials.kind === 'session' && changesSomething(request)) demandOwnOrigin(request)
    return identify(request, route, credentials)
  }

  function identify(
    request: Visit,
    route: Route,
    credentials: Credentials,
  ): Promise<void> | undefined {
    if (route.access === 'anyone') return identifyAnyone(request, credentials)
    const caller = options.authenticate(credentials)
    if (caller instanceof Promise) return caller.then((known) => letIn(request, route, known))
    return letIn(request, route, caller)
  }

  /** Who may call is told so before whether anything can be changed just now. */
  function letIn(request: Visit, route: Route, caller: Principal | null): undefined {
    admit(request, route, caller)
    const writesStore = route.writesStore ?? changesSomething(request)
    if (route.kind === 'json' && writesStore) options.mayWrite?.()
  }

  /** Where anyone may come, a key or session that is no good counts as none. */
  async function identifyAnyone(request: Visit, credentials: Credentials) {
    try {
      request.caller = await options.authenticate(credentials)
    } catch {
      request.caller = null // the route is open: it answers as to a stranger
    }
  }

  return (request, response, done) => {
    let waits: Promise<void> | undefined
    try {
      waits = check(request)
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)))
      return
    }
    const end = (): void => {
      renewCookie(request, response, isSecure)
      done()
    }
    if (waits === undefined) end()
    else waits.then(end, done)
  }
}

/** A session that was kept going goes on in the browser too. */
function renewCookie(request: Visit, response: ServerResponse, isSecure: boolean): void {
  if (request.caller?.isRenewed !== true) return
  const credentials = readCredentials(request.headers)
  if (credentials?.kind !== 'session') return
  response.setHeader('set-cookie', writeSessionCookie(credentials.token, { isSecure }))
}

/** Refuses a request that asks for a host we do not answer to. */
function hostDemand(options: GateOptions): (request: Visit) => void {
  const hosts = allowedHosts(options.host, options.hostNames, options.publicUrl)
  /** Clients ask for the same one over and over. */
  let lastGood: string | undefined
  return ({ headers: { host }, raw }) => {
    if (host !== undefined && host === lastGood) return
    if (host === undefined && raw.httpVersion === '1.1')
      throw refuse('http_request_malformed', 'Send a host header, as HTTP/1.1 demands.')
    if (!isAllowedHost(host, hosts)) throw refuseHost(host)
    lastGood = host
  }
}

function admit(request: Visit, route: Route, caller: Principal | null): undefined {
  const decision = mayCall(caller, route)
  if (decision.kind !== 'allowed') throw refuseCall(decision, route)
  request.caller = caller
}

function changesSomething({ method }: Visit): boolean {
  return method !== 'GET' && method !== 'HEAD'
}

function demandOwnOrigin({ headers }: Visit): void {
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

/** The answer ends the connection: one under which a body still arrives would be reset. */
async function refuseOnceRead(request: Visit, untilTold: GateOptions['untilTold']): Promise<never> {
  if (!asksToContinue(request)) await untilRead(request.raw)
  await untilTold()
  const message = 'The market is stopping. Try again in a moment.'
  throw refuse('http_stopping', message, { retryAfterSeconds: 5 })
}
