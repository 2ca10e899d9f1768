import { z } from 'zod'
import { jsonRoute, mayCall, type Principal, type Reply, type Route } from '../people/index.ts'
import { PAGE_POLICY } from './link-page.ts'
import { isAtRest, renderLockedPage, renderStatusPage, type StatusFacts } from './status-page.ts'

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
  models: z.object({ all: z.int(), live: z.int(), resting: z.int() }),
  found: z.array(z.object({ kind: z.string(), url: z.string() })),
})

export interface StatusOptions {
  readonly version: string
  /** How people call the program here. */
  readonly command: string
  readonly facts: () => Promise<StatusFacts>
  /** Names of the live models that a caller limited to `allowed` may use; null: all live ones. */
  readonly usableNames: (allowed: readonly string[] | null) => readonly string[]
}

/** What `/api/status` asks of a caller, and `/` of one who is to see more than how to get in. */
const insight = { access: 'member', scope: 'api' } as const

/**
 * `GET /` and `GET /api/status`. What is offered, what else runs on the machine and where the
 * owner's key lies is for operators only; others see the live models that they may use.
 */
export function statusRoutes(options: StatusOptions): Route[] {
  return [
    jsonRoute({
      method: 'GET',
      path: '/',
      access: 'anyone',
      seesCaller: true,
      scope: null,
      dialect: 'problem',
      summary: 'The status page; without a session, how to open it',
      handle: async ({ principal, headers }) => {
        const language = headers['accept-language']
        const preferred = Array.isArray(language) ? language[0] : language
        if (principal === null || mayCall(principal, insight).kind !== 'allowed')
          return htmlPage(renderLockedPage(preferred, options))
        return htmlPage(renderStatusPage(await factsFor(principal, options), preferred))
      },
    }),
    jsonRoute({
      ...insight,
      method: 'GET',
      path: '/api/status',
      dialect: 'problem',
      summary: 'What runs: version, database, engine, models, local servers found',
      answer: statusAnswer,
      handle: async ({ principal }) => ({ json: shape(await factsFor(principal, options)) }),
    }),
  ]
}

async function factsFor(
  caller: Principal,
  { facts, usableNames }: StatusOptions,
): Promise<StatusFacts> {
  const all = await facts()
  const isOperator = mayCall(caller, { access: 'operator', scope: null }).kind === 'allowed'
  if (isOperator) return all
  const usable = new Set(usableNames(caller.models))
  const models = all.models.filter(({ name }) => usable.has(name))
  return { ...all, models, found: null, ownerKeyPath: null }
}

function htmlPage(content: string): Reply {
  return {
    headers: {
      'content-security-policy': PAGE_POLICY,
      'cache-control': 'no-store',
      vary: 'cookie',
    },
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
      resting: facts.models.filter(isAtRest).length,
    },
    found: (facts.found ?? []).map((server) => ({ kind: server.kind, url: server.baseUrl })),
  }
}
