import { z } from 'zod'
import type { OrganisationId } from '../kernel/index.ts'
import { jsonRoute, type Principal, type Route } from '../people/index.ts'
import { type Estimate, type PastBattle, replayPolicy } from './replay-policy.ts'
import type { Routing } from './types-asking.ts'
import { ROUTED_NAMES } from './types-choice.ts'

const estimate = z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable()

const replayQuery = z.object({
  policy: z.enum(ROUTED_NAMES).default('auto'),
  days: z.coerce.number().int().min(1).max(3_650).default(90),
})
const replayAnswer = z.object({
  policy: z.string(),
  days: z.int(),
  battles_replayed: z.int(),
  /** Those in which the policy's model took part. */
  battles: z.int(),
  effective_battles: z.number(),
  /** Share of wins, with its 95 % interval; null: too few battles tell. */
  win_share: estimate,
  /** Of a battle's answers, in `currency`. */
  cost: estimate,
  cost_unknown: z.int(),
  currency: z.string(),
  chosen: z.array(z.object({ model: z.string(), battles: z.int() })),
})
export type ReplayAnswer = z.infer<typeof replayAnswer>

const DAY_MS = 86_400_000

export interface ReplayParts {
  readonly routing: Pick<Routing, 'preview'>
  readonly currency: () => string
  readonly nowMs: () => number
  /** Battles that were voted on and count, models by name. */
  readonly battles: (of: {
    readonly organisationId: OrganisationId
    readonly since: Date
  }) => Promise<readonly PastBattle[]>
}

/** `GET /api/route/replay`: what a policy would have won and cost. */
export function replayRoute(parts: ReplayParts): Route {
  return jsonRoute({
    method: 'GET',
    path: '/api/route/replay',
    access: 'admin',
    scope: 'api',
    dialect: 'problem',
    summary: 'What "auto" and its like would have won and cost on past battles, with intervals',
    query: replayQuery,
    answer: replayAnswer,
    async handle({ principal, query }) {
      const { policy, days } = query
      const since = new Date(parts.nowMs() - days * DAY_MS)
      const { organisationId } = principal
      const battles = await parts.battles({ organisationId, since })
      const models = await previewAll(parts, { principal, policy, battles })
      const replay = replayPolicy(battles, (category) => models.get(category) ?? null)
      return {
        json: {
          ...{ policy, days, battles_replayed: battles.length },
          battles: replay.battles,
          effective_battles: replay.effectiveBattles,
          win_share: shape(replay.winShare),
          cost: shape(replay.cost),
          cost_unknown: replay.costUnknown,
          currency: parts.currency(),
          chosen: [...replay.chosen].map(([model, count]) => ({ model, battles: count })),
        },
      }
    },
  })
}

/** By category, which model the policy names now. */
async function previewAll(
  { routing }: ReplayParts,
  of: {
    readonly principal: Principal
    readonly policy: (typeof ROUTED_NAMES)[number]
    readonly battles: readonly PastBattle[]
  },
): Promise<Map<string | null, string | null>> {
  const models = new Map<string | null, string | null>()
  for (const category of new Set(of.battles.map((battle) => battle.category)))
    models.set(
      category,
      await routing.preview({ name: of.policy, principal: of.principal, category }),
    )
  return models
}

function shape(estimate: Estimate | null) {
  return estimate === null ? null : { ...estimate }
}
