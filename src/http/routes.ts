import { z } from 'zod'
import { METRICS_TYPE, type Metrics } from '../metering/index.ts'
import { jsonRoute, type Route } from '../people/index.ts'
import { describeApi } from './describe-api.ts'

/** Whether the market can serve, and the state of each part in a word. */
export interface Readiness {
  readonly isReady: boolean
  /** Whether it will not come back: who asks sends requests elsewhere. */
  readonly isStopping?: boolean
  /** Such as `{ database: 'ok', engine: 'starting' }`: nothing that a stranger may not know. */
  readonly parts: Readonly<Record<string, string>>
}

export interface SystemOptions {
  readonly version: string
  readonly metrics: Metrics
  /** The market's name for itself, told to anybody: other markets know each other by it. */
  readonly marketId?: string
  readonly readiness: () => Promise<Readiness>
  /** All routes of the market, these included; asked for when the description is read. */
  readonly allRoutes: () => readonly Route[]
}

/** `/healthz`, `/readyz`, `/metrics` and `/api/openapi.json`. */
export function systemRoutes(options: SystemOptions): Route[] {
  return [healthRoute(options), readyRoute(options), metricsRoute(options), apiRoute(options)]
}

function healthRoute({ marketId }: SystemOptions): Route {
  const market = marketId === undefined ? {} : { market: marketId }
  return jsonRoute({
    method: 'GET',
    path: '/healthz',
    access: 'anyone',
    scope: null,
    dialect: 'problem',
    summary: 'Whether the process answers',
    answer: z.object({
      status: z.literal('ok'),
      name: z.literal('baimo'),
      market: z.string().optional(),
    }),
    handle: () => ({ json: { status: 'ok', name: 'baimo', ...market } }),
  })
}

function readyRoute({ readiness }: SystemOptions): Route {
  return jsonRoute({
    method: 'GET',
    path: '/readyz',
    access: 'anyone',
    scope: null,
    dialect: 'problem',
    summary: 'Whether the market can serve: 200 or 503',
    answer: z.object({ status: z.enum(['ready', 'not_ready', 'stopping']) }).catchall(z.string()),
    handle: async () => {
      const { isReady, isStopping, parts } = await readiness()
      const status = isReady ? 'ready' : 'not_ready'
      return {
        status: isReady && isStopping !== true ? 200 : 503,
        json: { ...parts, status: isStopping === true ? 'stopping' : status },
      }
    },
  })
}

function metricsRoute({ metrics }: SystemOptions): Route {
  return jsonRoute({
    method: 'GET',
    path: '/metrics',
    access: 'scraper',
    scope: 'metrics',
    dialect: 'problem',
    summary: 'The numbers of this process for Prometheus',
    handle: () => ({ text: { type: METRICS_TYPE, content: metrics.render() } }),
  })
}

function apiRoute({ version, allRoutes }: SystemOptions): Route {
  return jsonRoute({
    method: 'GET',
    path: '/api/openapi.json',
    access: 'member',
    scope: 'api',
    dialect: 'problem',
    summary: 'This description, OpenAPI 3.1',
    handle: () => ({ json: describeApi(allRoutes(), version) }),
  })
}
