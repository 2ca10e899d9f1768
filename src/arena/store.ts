import { type Kysely, sql } from 'kysely'
import type { Choice, VoteId } from '../boards/index.ts'
import type { OrganisationId, SubjectId } from '../kernel/index.ts'
import type { Battle, BattleId, BattleKind, BattleState, Contestant } from './types.ts'

type Database = Kysely<unknown>

interface BattleRow {
  readonly id: BattleId
  readonly organisation_id: OrganisationId
  readonly subject_id: SubjectId
  readonly league: Battle['league']
  readonly kind: BattleKind
  readonly state: BattleState
  readonly a_model_id: Contestant['modelId'] | null
  readonly b_model_id: Contestant['modelId'] | null
  readonly draw_probability: number | null
  readonly draws: number
  readonly keeps_prompt: boolean
  readonly keeps_answers: boolean
  readonly shares_vote: boolean
  readonly max_tokens: number | null
  readonly turn: number
  readonly running_until: Date | null
  readonly created_at: Date
  readonly opened_at: Date | null
  readonly voted_at: Date | null
  readonly voided_at: Date | null
  readonly void_code: string | null
  readonly choice: Choice | null
  readonly reasons: readonly string[]
  readonly comment: string | null
  readonly a_shown: number | null
  readonly b_shown: number | null
  readonly vote_id: VoteId | null
}

function battleOf(row: BattleRow): Battle {
  const { a_model_id: a, b_model_id: b, choice } = row
  const shown = [row.a_shown ?? 0, row.b_shown ?? 0] as const
  return {
    id: row.id,
    organisationId: row.organisation_id,
    subjectId: row.subject_id,
    league: row.league,
    kind: row.kind,
    state: row.state,
    models: a === null || b === null ? null : [a, b],
    drawProbability: row.draw_probability,
    draws: row.draws,
    consent: { prompt: row.keeps_prompt, answers: row.keeps_answers, votes: row.shares_vote },
    maxTokens: row.max_tokens,
    turn: row.turn,
    runningUntil: row.running_until,
    createdAt: row.created_at,
    openedAt: row.opened_at,
    votedAt: row.voted_at,
    voidedAt: row.voided_at,
    voidCode: row.void_code,
    vote:
      choice === null
        ? null
        : { choice, reasons: row.reasons, comment: row.comment, shown, voteId: row.vote_id },
  }
}

export async function insertBattle(db: Database, battle: Battle): Promise<void> {
  const { consent, models } = battle
  await sql`insert into battles (id, organisation_id, subject_id, league, kind, state, a_model_id,
      b_model_id, keeps_prompt, keeps_answers, shares_vote, max_tokens, turn, running_until,
      created_at)
    values (${battle.id}, ${battle.organisationId}, ${battle.subjectId}, ${battle.league},
      ${battle.kind}, ${battle.state}, ${models?.[0] ?? null}, ${models?.[1] ?? null},
      ${consent.prompt}, ${consent.answers}, ${consent.votes}, ${battle.maxTokens}, ${battle.turn},
      ${battle.runningUntil}, ${battle.createdAt})`.execute(db)
}

/** One battle of a subject; null: it has none. `isLocked`: until the transaction ends. */
export async function selectBattle(
  db: Database,
  where: {
    readonly id: string
    readonly organisationId: string
    readonly subjectId: string
    readonly isLocked?: boolean
  },
): Promise<Battle | null> {
  const { rows } = await sql<BattleRow>`select * from battles where id = ${where.id}
    and organisation_id = ${where.organisationId} and subject_id = ${where.subjectId}
    ${where.isLocked === true ? sql`for update` : sql``}`.execute(db)
  return rows[0] === undefined ? null : battleOf(rows[0])
}

/** A subject's battles, newest first. */
export async function selectBattles(
  db: Database,
  where: {
    readonly organisationId: string
    readonly subjectId: string
    readonly beforeId: string | null
    readonly limit: number
  },
): Promise<Battle[]> {
  const { rows } = await sql<BattleRow>`select * from battles
    where organisation_id = ${where.organisationId} and subject_id = ${where.subjectId}
      and kind <> 'judgement' ${where.beforeId === null ? sql`` : sql`and id < ${where.beforeId}`}
    order by id desc limit ${where.limit}`.execute(db)
  return rows.map(battleOf)
}

/** Who meets whom, by a draw; false: the vote is cast, or the battle is void. */
export async function updateDraw(
  db: Database,
  id: BattleId,
  draw: {
    readonly kind: BattleKind
    readonly a: string
    readonly b: string
    readonly probability: number | null
    readonly draws: number
  },
): Promise<boolean> {
  const { numAffectedRows } = await sql`update battles set kind = ${draw.kind},
      a_model_id = ${draw.a}, b_model_id = ${draw.b}, draw_probability = ${draw.probability},
      draws = ${draw.draws}
    where id = ${id} and state in ('answering', 'open')`.execute(db)
  return numAffectedRows === 1n
}

/** Whether its vote was cast. */
export async function selectIsVoted(db: Database, id: BattleId): Promise<boolean> {
  const { rows } = await sql<{ state: BattleState }>`
    select state from battles where id = ${id}`.execute(db)
  return rows[0]?.state === 'voted'
}

/** Both sides have begun: a vote may be cast. Nothing where that is so, or over, already. */
export async function updateOpened(db: Database, id: BattleId, at: Date): Promise<void> {
  await sql`update battles set state = 'open', opened_at = ${at}
    where id = ${id} and state = 'answering'`.execute(db)
}

/** A side failed after both had begun: nothing is to be voted on until others begin. */
export async function updateReopened(db: Database, id: BattleId): Promise<boolean> {
  const { numAffectedRows } = await sql`update battles set state = 'answering', opened_at = null
    where id = ${id} and state in ('open', 'answering')`.execute(db)
  return numAffectedRows === 1n
}

export async function updateRunning(db: Database, id: BattleId, until: Date | null): Promise<void> {
  await sql`update battles set running_until = ${until} where id = ${id}`.execute(db)
}

/** Voids a battle that has no vote. False: it has, or is void already. */
export async function updateVoided(
  db: Database,
  id: BattleId,
  { code, at }: { readonly code: string; readonly at: Date },
): Promise<boolean> {
  const { numAffectedRows } = await sql`update battles set state = 'voided', voided_at = ${at},
      void_code = ${code}, running_until = null
    where id = ${id} and state in ('answering', 'open')`.execute(db)
  return numAffectedRows === 1n
}

/** The next turn begins, if none runs; false: one does, or the battle is not open. */
export async function updateTurn(
  db: Database,
  id: BattleId,
  { turn, until }: { readonly turn: number; readonly until: Date },
): Promise<boolean> {
  const { numAffectedRows } = await sql`update battles
    set turn = ${turn}, running_until = ${until}
    where id = ${id} and state = 'open' and running_until is null
      and turn = ${turn - 1}`.execute(db)
  return numAffectedRows === 1n
}

/** A turn that failed never was. */
export async function dropTurn(db: Database, id: BattleId, turn: number): Promise<void> {
  await sql`delete from battle_turns where battle_id = ${id} and turn = ${turn}`.execute(db)
  await sql`delete from battle_answers where battle_id = ${id} and turn = ${turn}`.execute(db)
  await sql`update battles set turn = ${turn - 1} where id = ${id} and turn = ${turn}`.execute(db)
}

/** The vote of a battle that is locked and open. */
export async function updateVoted(
  db: Database,
  id: BattleId,
  vote: {
    readonly choice: Choice
    readonly reasons: readonly string[]
    readonly comment: string | null
    readonly shown: readonly [number, number]
    readonly voteId: VoteId | null
    readonly at: Date
  },
): Promise<void> {
  const { choice, reasons, comment, shown, voteId, at } = vote
  await sql`update battles set state = 'voted', voted_at = ${at}, choice = ${choice},
      reasons = ${reasons}::text[], comment = ${comment}, a_shown = ${shown[0]},
      b_shown = ${shown[1]}, vote_id = ${voteId}
    where id = ${id}`.execute(db)
}

/** Votes of a subject since two moments. */
export async function countVotesSince(
  db: Database,
  subjectId: string,
  { minute, day }: { readonly minute: Date; readonly day: Date },
): Promise<{ minute: number; day: number }> {
  const { rows } = await sql<{ minute: string; day: string }>`
    select count(*) filter (where voted_at > ${minute}) as minute, count(*) as day
    from battles where subject_id = ${subjectId} and voted_at > ${day}
      and kind in ('battle', 'control')`.execute(db)
  return { minute: Number(rows[0]?.minute ?? 0), day: Number(rows[0]?.day ?? 0) }
}

/** Battles of all since a moment, by the first id of that time. */
export async function countBattlesSince(db: Database, firstId: string): Promise<number> {
  const { rows } = await sql<{ count: string }>`
    select count(*) as count from battles where id >= ${firstId}`.execute(db)
  return Number(rows[0]?.count ?? 0)
}

/** What requests of battles cost since, by currency; those of unknown cost are not in it. */
export async function sumCostSince(
  db: Database,
  firstId: string,
): Promise<{ currency: string; amountPico: bigint }[]> {
  const { rows } = await sql<{ cost_currency: string; pico: string }>`
    select cost_currency, sum(cost_pico) as pico from usage
    where id >= ${firstId} and purpose = 'battle' and cost_currency is not null
    group by cost_currency`.execute(db)
  return rows.map((row) => ({ currency: row.cost_currency, amountPico: BigInt(row.pico) }))
}
