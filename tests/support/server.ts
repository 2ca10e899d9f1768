import { connect } from 'node:net'
import { onTestFinished } from 'vitest'
import {
  answerUnusableLink,
  openServer,
  type Server,
  type ServerOptions,
  systemRoutes,
} from '../../src/http/index.ts'
import { silentLog, systemClock } from '../../src/kernel/index.ts'
import { createMetrics } from '../../src/metering/index.ts'
import { peopleRoutes, type Route } from '../../src/people/index.ts'
import { openPeopleWorld, type PeopleWorld } from './people.ts'

/** A server that is closed after the test. */
export async function openTestServer(
  options: Partial<ServerOptions> & Pick<ServerOptions, 'authenticate' | 'routes'>,
): Promise<Server> {
  const server = await openServer({
    log: silentLog,
    clock: systemClock,
    metrics: createMetrics(),
    host: '127.0.0.1',
    port: 0,
    hostNames: [],
    ...options,
  })
  onTestFinished(() => server.close({ graceMs: 0 }))
  return server
}

/** People, their routes and `more` behind a real server. */
export async function openServedWorld(
  more: readonly Route[] = [],
  options: Partial<ServerOptions> = {},
): Promise<PeopleWorld & { server: Server; routes: readonly Route[] }> {
  const world = await openPeopleWorld()
  const metrics = createMetrics()
  const routes: Route[] = [
    ...more,
    ...peopleRoutes(world.people, {
      isSecure: () => false,
      answerUnusableLink: (language) =>
        answerUnusableLink(language, { version: '0.0.0', command: 'npx lion' }),
    }),
  ]
  routes.push(
    ...systemRoutes({
      version: '0.0.0',
      metrics,
      readiness: async () => ({ isReady: true, parts: { database: 'ok' } }),
      allRoutes: () => routes,
    }),
  )
  const server = await openTestServer({
    metrics,
    authenticate: world.people.authenticate,
    routes,
    ...options,
  })
  return { ...world, server, routes }
}

/** Sends bytes as they are and reads until the server hangs up, or `forMs` have passed. */
export function exchange(port: number, bytes: string | Buffer, forMs = 5_000): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    const timer = setTimeout(() => socket.destroy(), forMs)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(text)
    })
  })
}
