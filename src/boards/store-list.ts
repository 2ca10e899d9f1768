import { type Kysely, sql } from 'kysely'
import type { BoardKind, BoardLeague, Choice, VoteId, VoteState } from './types.ts'

type Database = Kysely<unknown>

/** A vote as those see it who look after votes. */
export interface ListedVote {
  readonly id: VoteId
  readonly battleId: string
  readonly league: BoardLeague
  readonly kind: BoardKind
  readonly raterId: string
  readonly leftId: string
  readonly rightId: string
  readonly choice: Choice
  readonly reasons: readonly string[]
  readonly state: VoteState
  /** Null: it is not set aside. */
  readonly asideReason: string | null
  readonly castAt: Date
}

interface ListedRow {
  readonly id: VoteId
  readonly battle_id: string
  readonly league: BoardLeague
  readonly kind: BoardKind
  readonly subject_id: string
  readonly left_id: string
  readonly right_id: string
  readonly choice: Choice
  readonly reasons: readonly string[]
  readonly state: VoteState
  readonly aside_reason: string | null
  readonly cast_at: Date
}

/** Votes of an organisation, newest first. */
export async function selectVotes(
  db: Database,
  where: {
    readonly organisationId: string
    /** Null: all of them. */
    readonly isAside: boolean | null
    /** Null: of all raters. */
    readonly raterId: string | null
    readonly beforeId: string | null
    readonly limit: number
  },
): Promise<ListedVote[]> {
  const { organisationId, isAside, raterId, beforeId, limit } = where
  const { rows } = await sql<ListedRow>`
    select v.*, r.subject_id from votes as v join raters as r on r.id = v.rater_id
    where v.organisation_id = ${organisationId}
      ${isAside === null ? sql`` : sql`and (v.state = 'aside') = ${isAside}`}
      ${raterId === null ? sql`` : sql`and r.subject_id = ${raterId}`}
      ${beforeId === null ? sql`` : sql`and v.id < ${beforeId}`}
    order by v.id desc limit ${limit}`.execute(db)
  return rows.map(listedOf)
}

function listedOf(row: ListedRow): ListedVote {
  return {
    id: row.id,
    battleId: row.battle_id,
    league: row.league,
    kind: row.kind,
    raterId: row.subject_id,
    leftId: row.left_id,
    rightId: row.right_id,
    choice: row.choice,
    reasons: row.reasons,
    state: row.state,
    asideReason: row.aside_reason,
    castAt: row.cast_at,
  }
}

/** People's last votes of a league, oldest first, but for those set aside for another reason. */
export async function selectRatedVotes(
  db: Database,
  where: {
    readonly organisationId: string
    readonly league: BoardLeague
    readonly withReason: string
    readonly most: number
  },
): Promise<ListedVote[]> {
  const { organisationId, league, withReason, most } = where
  const { rows } = await sql<ListedRow>`
    select v.*, r.subject_id from (
      select * from votes where organisation_id = ${organisationId} and league = ${league}
        and kind = 'votes' and pair_id is not null
        and (state <> 'aside' or aside_reason = ${withReason})
      order by id desc limit ${most}) as v
    join raters as r on r.id = v.rater_id order by v.id`.execute(db)
  return rows.map(listedOf)
}
