import { type Kysely, sql } from 'kysely'
import type { Choice } from '../boards/index.ts'
import type { ModelId, OrganisationId } from '../kernel/index.ts'

/** A battle that was voted on and counts, with what its answers cost. */
export interface VotedBattle {
  readonly a: ModelId
  readonly b: ModelId
  readonly choice: Choice
  readonly drawProbability: number
  /** Null: unknown. */
  readonly category: string | null
  /** Of all answers of a side, where every one is known and of one currency; null: it is not. */
  readonly costs: Readonly<
    Record<'a' | 'b', { readonly currency: string; readonly amountPico: bigint } | null>
  >
}

interface Row {
  readonly a_model_id: ModelId
  readonly b_model_id: ModelId
  readonly choice: Choice
  readonly draw_probability: number
  readonly category: string | null
  readonly a_cost: string | null
  readonly b_cost: string | null
  readonly a_currency: string | null
  readonly b_currency: string | null
}

const MOST = 100_000

/** The last battles of an organisation whose votes count, of one league: at most 100,000. */
export async function selectVotedBattles(
  db: Kysely<unknown>,
  where: { readonly organisationId: OrganisationId; readonly league: string; readonly since: Date },
): Promise<VotedBattle[]> {
  const { rows } = await sql<Row>`
    select b.a_model_id, b.b_model_id, b.choice, b.draw_probability,
      (select substr(s.slice, 10) from boards as s
        where s.id = any(v.board_ids) and s.slice like 'category:%' limit 1) as category,
      c.a_cost, c.b_cost, c.a_currency, c.b_currency
    from battles as b join votes as v on v.id = b.vote_id
    left join lateral (select
        case when bool_and(u.cost_pico is not null) filter (where w.side = 'a')
          and count(distinct u.cost_currency) filter (where w.side = 'a') = 1
          then sum(u.cost_pico) filter (where w.side = 'a') end::text as a_cost,
        case when bool_and(u.cost_pico is not null) filter (where w.side = 'b')
          and count(distinct u.cost_currency) filter (where w.side = 'b') = 1
          then sum(u.cost_pico) filter (where w.side = 'b') end::text as b_cost,
        min(u.cost_currency) filter (where w.side = 'a') as a_currency,
        min(u.cost_currency) filter (where w.side = 'b') as b_currency
      from battle_answers as w join usage as u on u.id = w.usage_id
      where w.battle_id = b.id) as c on true
    where b.organisation_id = ${where.organisationId} and b.league = ${where.league}
      and b.kind = 'battle' and b.draw_probability is not null and v.state in ('counts', 'over')
      and b.voted_at >= ${where.since}
    order by b.id desc limit ${MOST}`.execute(db)
  return rows.map((row) => ({
    a: row.a_model_id,
    b: row.b_model_id,
    choice: row.choice,
    drawProbability: row.draw_probability,
    category: row.category,
    costs: {
      a: costOf(row.a_cost, row.a_currency),
      b: costOf(row.b_cost, row.b_currency),
    },
  }))
}

function costOf(amount: string | null, currency: string | null) {
  return amount === null || currency === null ? null : { currency, amountPico: BigInt(amount) }
}
