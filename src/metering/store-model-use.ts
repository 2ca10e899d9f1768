import { type Kysely, sql } from 'kysely'
import type { ModelId, OrganisationId } from '../kernel/index.ts'
import { firstIdOf } from './first-id-of.ts'
import { ID_SLACK_MS } from './store.ts'

/** How one model was used since a moment, battles aside. */
export interface ModelUse {
  readonly modelId: ModelId
  readonly requests: number
  /** Those that routing sent there. */
  readonly routedRequests: number
  /** People and teams that named the model themselves. */
  readonly choosers: number
  /** What it cost where that is known, in pico-units of each currency. */
  readonly costs: readonly { readonly currency: string; readonly amountPico: bigint }[]
}

/**
 * How each model was used since then, and how many people and teams named any model at all. What
 * routing moved is nobody's choice.
 */
export async function selectModelUse(
  db: Kysely<unknown>,
  where: { readonly organisationId: OrganisationId | null; readonly since: Date },
): Promise<{ readonly models: readonly ModelUse[]; readonly choosers: number }> {
  const { organisationId, since } = where
  const from = firstIdOf(since.getTime() - ID_SLACK_MS)
  const within = sql`id >= ${from} and started_at >= ${since}
    and (${organisationId}::uuid is null or organisation_id = ${organisationId}::uuid)
    and purpose in ('use', 'exploration')`
  const { rows } = await sql<{
    model_id: ModelId
    requests: string
    routed: string
    choosers: string
  }>`select model_id, count(*) as requests, count(route) as routed,
      count(distinct subject_id) filter (where route is null) as choosers
    from usage where ${within} group by model_id`.execute(db)
  const costs = await sql<{ model_id: ModelId; currency: string; amount: string }>`
    select model_id, cost_currency as currency, sum(cost_pico)::text as amount
    from usage where ${within} and cost_pico is not null
    group by model_id, cost_currency`.execute(db)
  const all = await sql<{ choosers: string }>`select count(distinct subject_id) as choosers
    from usage where ${within} and route is null`.execute(db)
  return {
    models: rows.map((row) => ({
      modelId: row.model_id,
      requests: Number(row.requests),
      routedRequests: Number(row.routed),
      choosers: Number(row.choosers),
      costs: costs.rows
        .filter((cost) => cost.model_id === row.model_id)
        .map(({ currency, amount }) => ({ currency, amountPico: BigInt(amount) })),
    })),
    choosers: Number(all.rows[0]?.choosers ?? 0),
  }
}
