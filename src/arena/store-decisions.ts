import { type Kysely, sql } from 'kysely'

type Database = Kysely<unknown>

export interface VoteDecision {
  readonly id: string
  readonly voteId: string
  readonly decision: 'restore' | 'set_aside'
  readonly reason: string
  readonly decidedBy: string
  readonly decidedAt: Date
}

export async function insertDecision(db: Database, of: VoteDecision): Promise<void> {
  await sql`insert into vote_decisions (id, vote_id, decision, reason, decided_by, decided_at)
    values (${of.id}, ${of.voteId}, ${of.decision}, ${of.reason}, ${of.decidedBy},
      ${of.decidedAt})`.execute(db)
}

/** Of some votes those that somebody has decided about. */
export async function selectDecided(
  db: Database,
  voteIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ vote_id: string }>`
    select distinct vote_id from vote_decisions
    where vote_id = any(${voteIds}::uuid[])`.execute(db)
  return new Set(rows.map(({ vote_id }) => vote_id))
}
