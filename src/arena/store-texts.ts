import { type Kysely, sql } from 'kysely'
import type { ListingId, RequestId, VariantId } from '../kernel/index.ts'
import type { BattleAnswer, BattleEvent, BattleId, BattleTurn, Message, Side } from './types.ts'

type Database = Kysely<unknown>

export async function insertTurn(
  db: Database,
  id: BattleId,
  turn: {
    readonly turn: number
    readonly messages: readonly Message[]
    readonly askedAt: Date
  },
): Promise<void> {
  await sql`insert into battle_turns (battle_id, turn, messages, asked_at)
    values (${id}, ${turn.turn}, ${JSON.stringify(turn.messages)}::jsonb,
      ${turn.askedAt})`.execute(db)
}

export async function selectTurns(db: Database, id: BattleId): Promise<BattleTurn[]> {
  const { rows } = await sql<BattleTurn>`select turn, messages from battle_turns
    where battle_id = ${id} order by turn`.execute(db)
  return rows
}

export async function insertAnswer(
  db: Database,
  id: BattleId,
  answer: BattleAnswer,
): Promise<void> {
  await sql`insert into battle_answers (battle_id, turn, side, usage_id, variant_id, listing_id,
      outcome, finish_reason, text, characters)
    values (${id}, ${answer.turn}, ${answer.side}, ${answer.usageId}, ${answer.variantId},
      ${answer.listingId}, ${answer.outcome}, ${answer.finishReason}, ${answer.text},
      ${answer.characters})
    on conflict (battle_id, turn, side) do nothing`.execute(db)
}

export async function selectAnswers(db: Database, id: BattleId): Promise<BattleAnswer[]> {
  const { rows } = await sql<{
    turn: number
    side: Side
    usage_id: RequestId
    variant_id: VariantId | null
    listing_id: ListingId | null
    outcome: BattleAnswer['outcome']
    finish_reason: string | null
    text: string | null
    characters: number
  }>`select * from battle_answers where battle_id = ${id} order by turn, side`.execute(db)
  return rows.map((row) => ({
    turn: row.turn,
    side: row.side,
    usageId: row.usage_id,
    variantId: row.variant_id,
    listingId: row.listing_id,
    outcome: row.outcome,
    finishReason: row.finish_reason,
    text: row.text,
    characters: row.characters,
  }))
}

/** A request of the battle, whatever became of it. */
export async function insertRequest(db: Database, id: BattleId, usageId: string): Promise<void> {
  await sql`insert into battle_requests (usage_id, battle_id) values (${usageId}, ${id})
    on conflict do nothing`.execute(db)
}

export async function selectRequests(db: Database, id: BattleId): Promise<string[]> {
  const { rows } = await sql<{ usage_id: string }>`
    select usage_id from battle_requests where battle_id = ${id}`.execute(db)
  return rows.map(({ usage_id }) => usage_id)
}

export async function insertEvents(
  db: Database,
  id: BattleId,
  events: readonly BattleEvent[],
  at: Date,
): Promise<void> {
  if (events.length === 0) return
  const rows = events.map(
    ({ seq, name, data, shown }) =>
      sql`(${id}, ${seq}, ${name}, ${JSON.stringify(data)}::json, ${shown[0]}, ${shown[1]}, ${at})`,
  )
  await sql`insert into battle_events values ${sql.join(rows)} on conflict do nothing`.execute(db)
}

/** What was told after a number, in order. */
export async function selectEvents(
  db: Database,
  id: BattleId,
  afterSeq: number,
): Promise<BattleEvent[]> {
  const { rows } = await sql<{
    seq: number
    name: string
    data: BattleEvent['data']
    a_shown: number
    b_shown: number
  }>`select seq, name, data, a_shown, b_shown from battle_events
    where battle_id = ${id} and seq > ${afterSeq} order by seq`.execute(db)
  return rows.map(({ a_shown: a, b_shown: b, ...row }) => ({ ...row, shown: [a, b] }))
}

/** The last number told, with what is shown by now. */
export async function selectLastEvent(
  db: Database,
  id: BattleId,
): Promise<{ readonly seq: number; readonly shown: readonly [number, number] }> {
  const { rows } = await sql<{ seq: number; a_shown: number; b_shown: number }>`
    select seq, a_shown, b_shown from battle_events where battle_id = ${id}
    order by seq desc limit 1`.execute(db)
  const [row] = rows
  return row === undefined
    ? { seq: 0, shown: [0, 0] }
    : { seq: row.seq, shown: [row.a_shown, row.b_shown] }
}

/** Forgets what consent does not keep, once a battle needs it no more. */
export async function forgetTexts(
  db: Database,
  id: BattleId,
  { prompt, answers }: { readonly prompt: boolean; readonly answers: boolean },
): Promise<void> {
  await sql`delete from battle_events where battle_id = ${id} and name = 'text'`.execute(db)
  if (!prompt)
    await sql`update battle_turns set messages = null where battle_id = ${id}`.execute(db)
  if (!answers) await sql`update battle_answers set text = null where battle_id = ${id}`.execute(db)
}

/** The same of battles that nobody voted in, when nobody can any more. */
export async function forgetExpired(db: Database, before: Date): Promise<void> {
  const old = sql`select id from battles where id in (select battle_id from battle_turns
    where messages is not null and asked_at < ${before}) and created_at < ${before}`
  const without = (flag: 'keeps_prompt' | 'keeps_answers') => sql`${old} and not ${sql.ref(flag)}`
  await sql`delete from battle_events where battle_id in (${old})`.execute(db)
  await sql`update battle_answers set text = null
    where text is not null and battle_id in (${without('keeps_answers')})`.execute(db)
  await sql`update battle_turns set messages = null
    where messages is not null and battle_id in (${without('keeps_prompt')})`.execute(db)
}
