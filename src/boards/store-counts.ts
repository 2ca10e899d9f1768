import { type Kysely, sql } from 'kysely'
import type { Store } from '../store/index.ts'
import { castAtOf, MOST_DRIFT_VOTES } from './drift-log.ts'
import type { Reading, Through } from './follow-moves.ts'
import type { ClusterRow, PairRow } from './live-counts.ts'
import type { Board, VoteMove } from './types.ts'
import type { ControlCounts } from './types-trust.ts'
import type { DriftRow, StyledRow } from './types-worker.ts'

type Database = Kysely<unknown>

/** Raters in one statement: some megabytes of text. */
const RATERS_AT_ONCE = 500
const PROMPTS_AT_ONCE = 20_000
/** Moves in one reading. */
const MOST_MOVES = 5_000
/** Numbers below the last one among which a board that is loaded looks for moves to come. */
const LOOK_BACK = 20_000

/** Told of what a board's counts are, in pieces. */
export interface CountSink {
  pairs(rows: readonly PairRow[]): void
  /** Lines `rater;pair,c,c,c,c,o,o,o,o;…`, as text, so that nobody parses them twice. */
  raters(text: string): void
  prompts(rows: readonly ClusterRow[]): void
  /** The last votes, oldest first. */
  drift(rows: readonly DriftRow[]): void
}

interface MoveRow {
  readonly seq: string | null
  readonly vote_id: string
  readonly board_ids: readonly number[]
  readonly pair_id: number
  readonly rater_id: number
  readonly prompt: string | null
  readonly outcome: number
  readonly sign: 1 | -1
  readonly is_over: boolean
  readonly moved_at: Date
  readonly style: readonly number[] | null
  readonly is_swapped: boolean
  readonly oldest: string
  readonly next: string
}

/** The moves that became visible since. At most `MOST_MOVES`: read again while it is full. */
export async function readMoves(
  db: Database,
  { low, extra }: Through,
): Promise<Reading & { readonly moves: readonly VoteMove[]; readonly isFull: boolean }> {
  const { rows } = await sql<MoveRow>`
    select m.seq, m.vote_id, m.board_ids, m.pair_id, m.rater_id, m.prompt, m.outcome, m.sign,
      m.is_over, m.moved_at, v.style, v.left_id = p.second_id as is_swapped,
      pg_snapshot_xmin(s.snapshot)::text as oldest, pg_snapshot_xmax(s.snapshot)::text as next
    from (select pg_current_snapshot() as snapshot) as s
    left join lateral (select * from vote_moves where seq > ${low} and seq <> all(${extra})
      order by seq limit ${MOST_MOVES}) as m on true
    left join votes as v on v.id = m.vote_id
    left join pairs as p on p.id = m.pair_id
    order by m.seq`.execute(db)
  const [first] = rows
  const moves = rows.filter((row) => row.seq !== null).map(moveOf)
  return {
    seqs: moves.map(({ seq }) => seq),
    oldestRunning: Number(first?.oldest ?? 0),
    nextToBegin: Number(first?.next ?? Number.MAX_SAFE_INTEGER),
    moves,
    isFull: moves.length === MOST_MOVES,
  }
}

function moveOf(row: MoveRow): VoteMove {
  return {
    seq: Number(row.seq),
    voteId: row.vote_id,
    boardIds: row.board_ids,
    pair: row.pair_id,
    rater: row.rater_id,
    prompt: row.prompt,
    outcome: row.outcome,
    sign: row.sign,
    isOver: row.is_over,
    movedAtMs: row.moved_at.getTime(),
    style: row.style,
    isSwapped: row.is_swapped,
  }
}

/** How far moves are visible at this moment; what is missing may still come. */
export async function readThrough(db: Database): Promise<Through> {
  const { rows } = await sql<{ low: string; extra: string[] }>`
    with last as (select coalesce(max(seq), 0) as seq from vote_moves)
    select greatest(0, last.seq - ${LOOK_BACK}) as low, array(select seq from vote_moves
      where seq > greatest(0, last.seq - ${LOOK_BACK})) as extra from last`.execute(db)
  return { low: Number(rows[0]?.low ?? 0), extra: (rows[0]?.extra ?? []).map(Number) }
}

/** Reads all counts of a board as of one moment; which moves above `low` are in it. */
export function readCounts(
  store: Pick<Store, 'db'>,
  board: Board,
  { low, sink }: { readonly low: number; readonly sink: CountSink },
): Promise<readonly number[]> {
  return store.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      const { rows } = await sql<{ seq: string }>`
        select seq from vote_moves where seq > ${low}`.execute(trx)
      sink.pairs(await readPairs(trx, board.id))
      await readRaters(trx, board.id, sink)
      await readPrompts(trx, board.id, sink)
      sink.drift(await readDrift(trx, board))
      return rows.map(({ seq }) => Number(seq))
    })
}

interface PairCountRow {
  readonly pair: number
  readonly first: string
  readonly second: string
  readonly counts: readonly [string, string, string, string]
}

async function readPairs(db: Database, boardId: number): Promise<PairRow[]> {
  const { rows } = await sql<PairCountRow>`
    select pair_id as pair, first_id as first, second_id as second,
      array[first_wins, second_wins, ties, both_bad]::text[] as counts
    from pair_counts join pairs on pairs.id = pair_id where board_id = ${boardId}
    order by pair_id`.execute(db)
  return rows.map(({ counts: [first, second, ties, bad], ...row }) => ({
    ...row,
    counts: [Number(first), Number(second), Number(ties), Number(bad)],
  }))
}

/** Models of pairs by their numbers: what a board needs when a pair is new to it. */
export async function selectPairs(db: Database, pairs: readonly number[]): Promise<PairRow[]> {
  const { rows } = await sql<Omit<PairRow, 'counts'>>`
    select id as pair, first_id as first, second_id as second from pairs
    where id = any(${pairs})`.execute(db)
  return rows.map((row) => ({ ...row, counts: [0, 0, 0, 0] }))
}

async function readRaters(db: Database, boardId: number, sink: CountSink): Promise<void> {
  let after = -1
  for (;;) {
    const { rows } = await sql<{ last: number | null; text: string | null }>`
      select max(rater_id) as last, string_agg(text, E'\n') as text from (
        select rater_id, rater_id || ';' || string_agg(concat_ws(',', pair_id, first_wins,
          second_wins, ties, both_bad, over_first, over_second, over_ties, over_both_bad), ';'
          order by pair_id) as text
        from rater_counts where board_id = ${boardId} and rater_id > ${after}
        group by rater_id order by rater_id limit ${RATERS_AT_ONCE}) as r`.execute(db)
    const [chunk] = rows
    if (chunk?.text == null || chunk.last === null) return
    sink.raters(chunk.text)
    after = chunk.last
  }
}

/** Of prompts that were judged once nothing is to be known: they cost nothing. */
async function readPrompts(db: Database, boardId: number, sink: CountSink): Promise<void> {
  let after = '00000000-0000-0000-0000-000000000000'
  for (;;) {
    const { rows } = await sql<PromptRow>`
      select prompt, pair_id as pair, first_wins, second_wins, ties, both_bad
      from prompt_counts where board_id = ${boardId} and prompt in (
        select prompt from prompt_counts where board_id = ${boardId} and prompt > ${after}::uuid
        group by prompt having sum(first_wins + second_wins + ties + both_bad) > 1
        order by prompt limit ${PROMPTS_AT_ONCE})
      order by prompt, pair_id`.execute(db)
    sink.prompts(rows.map(clusterOf))
    const last = rows.at(-1)
    if (last === undefined) return
    after = last.prompt
  }
}

interface PromptRow {
  readonly prompt: string
  readonly pair: number
  readonly first_wins: number
  readonly second_wins: number
  readonly ties: number
  readonly both_bad: number
}

function clusterOf(row: PromptRow): ClusterRow {
  const counts = [row.first_wins, row.second_wins, row.ties, row.both_bad]
  return { key: row.prompt, pair: row.pair, counts }
}

/** What a board knows of some prompts by now. */
export async function selectPrompts(
  db: Database,
  boardId: number,
  prompts: readonly string[],
): Promise<ClusterRow[]> {
  const { rows } = await sql<PromptRow>`
    select prompt, pair_id as pair, first_wins, second_wins, ties, both_bad
    from prompt_counts where board_id = ${boardId} and prompt = any(${prompts}::uuid[])`.execute(db)
  return rows.map(clusterOf)
}

/** All counts of one rater on one board, beyond the cap too, by pair. */
export async function selectRaterPairs(
  db: Database,
  boardId: number,
  where: { readonly subjectId: string },
): Promise<PairRow[]> {
  const { rows } = await sql<PairCountRow>`
    select pair_id as pair, first_id as first, second_id as second,
      array[first_wins + over_first, second_wins + over_second, ties + over_ties,
        both_bad + over_both_bad]::text[] as counts
    from rater_counts join raters on raters.id = rater_id join pairs on pairs.id = pair_id
    where board_id = ${boardId} and subject_id = ${where.subjectId}`.execute(db)
  return rows.map(({ counts: [first, second, ties, bad], ...row }) => ({
    ...row,
    counts: [Number(first), Number(second), Number(ties), Number(bad)],
  }))
}

/** Of the league's last votes, how many are looked through for those of a slice. */
const STYLED_LOOK = 20

interface ChosenRow {
  readonly id: string
  readonly pair: number
  readonly choice: 'a' | 'b' | 'tie' | 'both_bad'
  readonly is_swapped: boolean
}

/** Of the league's last votes those that count on a board, oldest first. */
async function readDrift(db: Database, board: Board): Promise<DriftRow[]> {
  const { organisationId, league, kind, id: boardId } = board
  const { rows } = await sql<ChosenRow>`
    select v.id, pair_id as pair, choice, left_id = second_id as is_swapped
    from (select * from votes where organisation_id = ${organisationId} and league = ${league}
      and kind = ${kind} order by id desc limit ${MOST_DRIFT_VOTES}) as v
    join pairs on pairs.id = pair_id
    where state = 'counts' and ${boardId} = any(board_ids)
    order by v.id`.execute(db)
  return rows.map(({ id, pair, choice, is_swapped: isSwapped }) => ({
    pair,
    outcome: outcomeOf(choice, isSwapped),
    castAtMs: castAtOf(id),
  }))
}

function outcomeOf(choice: ChosenRow['choice'], isSwapped: boolean): number {
  if (choice === 'tie') return 2
  if (choice === 'both_bad') return 3
  return (choice === 'a') === isSwapped ? 1 : 0
}

/** How people chose between a model and itself, on one board. */
export async function readControls(db: Database, board: Board): Promise<ControlCounts> {
  const { organisationId, league, kind, id } = board
  const { rows } = await sql<{ left: number; right: number; neither: number }>`
    select count(*) filter (where choice = 'a')::integer as left,
      count(*) filter (where choice = 'b')::integer as right,
      count(*) filter (where choice in ('tie', 'both_bad'))::integer as neither
    from votes where organisation_id = ${organisationId} and league = ${league}
      and kind = ${kind} and pair_id is null and state = 'control'
      and ${id} = any(board_ids)`.execute(db)
  return rows[0] ?? { left: 0, right: 0, neither: 0 }
}

interface StyleRow {
  readonly pair: number
  readonly rater: number
  readonly choice: 'a' | 'b' | 'tie' | 'both_bad'
  readonly style: readonly number[]
  readonly is_swapped: boolean
}

/** The last `most` votes of a board whose answers' looks are known, oldest first. */
export async function selectStyled(db: Database, board: Board, most: number): Promise<StyledRow[]> {
  const { organisationId, league, kind, id } = board
  const { rows } = await sql<StyleRow>`
    select pair_id as pair, rater_id as rater, choice, style, left_id = second_id as is_swapped
    from (select * from votes where organisation_id = ${organisationId} and league = ${league}
      and kind = ${kind} order by id desc limit ${most * STYLED_LOOK}) as v
    join pairs on pairs.id = pair_id
    where state = 'counts' and style is not null and ${id} = any(board_ids)
    order by v.id desc limit ${most}`.execute(db)
  return rows.reverse().map(({ choice, is_swapped: isSwapped, ...row }) => ({
    ...row,
    isSwapped,
    outcome: outcomeOf(choice, isSwapped),
  }))
}

/** Counts of all raters on a board, for its download; null: not all of them share theirs. */
export async function selectSharedRaters(
  db: Database,
  boardId: number,
): Promise<
  { rater: number; first: string; second: string; counts: number[]; over: number[] }[] | null
> {
  const { rows } = await sql<{
    rater: number
    first: string
    second: string
    counts: number[]
    over: number[]
    is_shared: boolean
  }>`
    select rater_id as rater, first_id as first, second_id as second, is_shared,
      array[first_wins::integer, second_wins, ties, both_bad] as counts,
      array[over_first, over_second, over_ties, over_both_bad] as over
    from rater_counts join raters on raters.id = rater_id join pairs on pairs.id = pair_id
    where board_id = ${boardId} and first_wins + second_wins + ties + both_bad + over_first
      + over_second + over_ties + over_both_bad > 0`.execute(db)
  return rows.some((row) => !row.is_shared) ? null : rows
}

/** Whether a board has votes of one rater only. */
export async function hasOneRater(db: Database, boardId: number): Promise<boolean> {
  const { rows } = await sql<{ raters: string }>`
    select count(*) as raters from (select distinct rater_id from rater_counts
      where board_id = ${boardId} and first_wins + second_wins + ties + both_bad + over_first
        + over_second + over_ties + over_both_bad > 0 limit 2) as r`.execute(db)
  return rows[0]?.raters === '1'
}

export { readPairs as selectPairCounts }
