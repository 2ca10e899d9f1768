import { type Kysely, sql } from 'kysely'
import type { OrganisationId } from '../kernel/index.ts'
import type { NewVote, VoteId, VoteState } from './types.ts'

type Database = Kysely<unknown>

/** Writes a vote and moves the counts with it; null: this rater has voted in the battle already. */
export async function insertVote(
  db: Database,
  vote: NewVote & { readonly cap: number },
): Promise<VoteState | null> {
  const { cap, style } = vote
  const row = {
    id: vote.id,
    organisation_id: vote.organisationId,
    league: vote.league,
    kind: vote.kind,
    battle_id: vote.battleId,
    subject_id: vote.raterId,
    left_id: vote.left,
    right_id: vote.right,
    choice: vote.choice,
    reasons: vote.reasons ?? [],
    prompt: vote.prompt,
    slices: [...new Set(['overall', ...vote.slices])],
    style:
      style?.flatMap(({ words, headings, listItems, bold }) => [
        ...[words, headings, listItems, bold],
      ]) ?? null,
    is_shared: vote.isShared,
    aside_reason: vote.asideReason,
    cast_at: vote.castAt.toISOString(),
  }
  const { rows } = await sql<{ state: VoteState | null }>`
    select cast_vote(${JSON.stringify(row)}::jsonb, ${cap}) as state`.execute(db)
  return rows[0]?.state ?? null
}

/** Sets a vote aside, or puts it back (null). Its state after that; null: no such vote. */
export async function updateAside(
  db: Database,
  change: {
    readonly id: VoteId
    readonly organisationId: OrganisationId
    readonly reason: string | null
    readonly at: Date
    readonly cap: number
  },
): Promise<VoteState | null> {
  const { id, organisationId, reason, at, cap } = change
  const { rows } = await sql<{ state: VoteState | null }>`
    select set_vote_aside(${id}, ${organisationId}, ${reason}, ${at}, ${cap}) as state`.execute(db)
  return rows[0]?.state ?? null
}
