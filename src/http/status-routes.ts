import { z } from 'zod'
import { jsonRoute, type Reply, type Route } from '../people/index.ts'
import { renderLockedPage, renderStatusPage, type StatusFacts } from './status-page.ts'
import { statusStyleHash } from './status-style.ts'

const statusAnswer = z.object({
  version: z.string(),
  url: z.string(),
  started_at: z.iso.datetime(),
  database: z.object({
    kind: z.enum(['embedded', 'external']),
    version: z.string().nullable(),
    ok: z.boolean(),
  }),
  engine: z.object({
    state: z.string(),
    reason: z.string().nullable(),
    loaded_count: z.int(),
    queue_length: z.int(),
  }),
  models: z.object({ all: z.int(), live: z.int() }),
  found: z.array(z.object({ kind: z.string(), url: z.string() })),
})

/** Nothing may run on the page and nothing may be fetched by it but its own style and icon. */
const POLICY = `default-src 'none'; style-src '${statusStyleHash}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** `GET /` and `GET /api/status`. What else runs on the machine is for operators only. */
export function statusRoutes(options: {
  readonly version: string
  readonly facts: () => Promise<StatusFacts>
}): Route[] {
  return [
    jsonRoute({
      method: 'GET',
      path: '/',
      access: 'anyone',
      scope: null,
      dialect: 'problem',
      summary: 'The status page; without a session, how to open it',
      handle: async ({ principal, headers }) => {
        const language = headers['accept-language']
        const preferred = Array.isArray(language) ? language[0] : language
        if (principal === null) return htmlPage(renderLockedPage(preferred, options.version))
        const facts = visibleTo(
          principal.isHouse && principal.role !== 'member',
          await options.facts(),
        )
        return htmlPage(renderStatusPage(facts, preferred))
      },
    }),
    jsonRoute({
      method: 'GET',
      path: '/api/status',
      access: 'member',
      scope: 'api',
      dialect: 'problem',
      summary: 'What runs: version, database, engine, models, local servers found',
      answer: statusAnswer,
      handle: async ({ principal }) => {
        const isOperator = principal?.isHouse === true && principal.role !== 'member'
        return { json: shape(visibleTo(isOperator, await options.facts())) }
      },
    }),
  ]
}

function visibleTo(isOperator: boolean, facts: StatusFacts): StatusFacts {
  return isOperator ? facts : { ...facts, found: [] }
}

function htmlPage(content: string): Reply {
  return {
    headers: { 'content-security-policy': POLICY, 'cache-control': 'no-store', vary: 'cookie' },
    text: { type: 'text/html; charset=utf-8', content },
  }
}

function shape(facts: StatusFacts): z.infer<typeof statusAnswer> {
  return {
    version: facts.version,
    url: facts.url,
    started_at: facts.startedAt.toISOString(),
    database: { ...facts.database, ok: facts.database.version !== null },
    engine: {
      state: facts.engine.kind,
      reason: facts.engine.reason,
      loaded_count: facts.engine.loadedCount,
      queue_length: facts.engine.queueLength,
    },
    models: {
      all: facts.models.length,
      live: facts.models.filter((model) => model.isLive).length,
    },
    found: facts.found.map((server) => ({ kind: server.kind, url: server.baseUrl })),
  }
}
