import { type Kysely, sql } from 'kysely'
import type { BoardVersion, EndedCertificate, NewCertificate } from './types-versions.ts'

type Database = Kysely<unknown>

interface VersionRow {
  readonly board_id: number
  readonly is_styled: boolean
  readonly number: number
  readonly made_at: Date
  readonly method: string
  readonly code_version: string
  readonly votes: string
  readonly raters: number
  readonly models: number
  readonly low_seq: string
  readonly extra_seqs: readonly string[]
}

const columns = sql`board_id, is_styled, number, made_at, method, code_version, votes, raters,
  models, low_seq, extra_seqs`

function versionOf(row: VersionRow): BoardVersion {
  return {
    boardId: row.board_id,
    isStyled: row.is_styled,
    number: row.number,
    madeAt: row.made_at,
    method: row.method,
    codeVersion: row.code_version,
    votes: Number(row.votes),
    raters: row.raters,
    models: row.models,
    through: { low: Number(row.low_seq), extra: row.extra_seqs.map(Number) },
  }
}

export interface NewVersion extends Omit<BoardVersion, 'number'> {
  readonly isKept: boolean
  readonly payload: Uint8Array
  /** Models by id. */
  readonly certified: readonly NewCertificate[]
  readonly ended: readonly EndedCertificate[]
}

/** Writes the next version of a board, with what it does to certificates. Its number. */
export async function insertVersion(db: Database, version: NewVersion): Promise<number> {
  const { boardId, isStyled, madeAt, through } = version
  const { rows } = await sql<{ number: number }>`
    insert into board_versions (${columns}, is_kept, payload)
    select ${boardId}, ${isStyled}, 1 + coalesce(max(number), 0), ${madeAt}, ${version.method},
      ${version.codeVersion}, ${version.votes}, ${version.raters}, ${version.models},
      ${through.low}, ${through.extra}::bigint[], ${version.isKept}, ${version.payload}
    from board_versions where board_id = ${boardId} and is_styled = ${isStyled}
    returning number`.execute(db)
  const number = rows[0]?.number ?? 1
  if (version.ended.length > 0)
    await sql`update certificates as c set voided_in = ${number}, voided_at = ${madeAt},
        void_reason = e.reason
      from jsonb_to_recordset(${JSON.stringify(version.ended)}::jsonb)
        as e(better uuid, worse uuid, reason text)
      where board_id = ${boardId} and is_styled = ${isStyled} and voided_at is null
        and better_id = e.better and worse_id = e.worse`.execute(db)
  if (version.certified.length > 0)
    await sql`insert into certificates (board_id, is_styled, better_id, worse_id, certified_in,
        certified_at, log_e, tolerance)
      select ${boardId}, ${isStyled}, n.better, n.worse, ${number}, ${madeAt}, n."logE", n.tolerance
      from jsonb_to_recordset(${JSON.stringify(version.certified)}::jsonb)
        as n(better uuid, worse uuid, "logE" float8, tolerance float8)
      on conflict do nothing`.execute(db)
  return number
}

/** The last version of each board, of a few or of all. */
export async function selectLastVersions(
  db: Database,
  boardIds: readonly number[] | null,
): Promise<BoardVersion[]> {
  const { rows } = await sql<VersionRow>`
    select distinct on (board_id, is_styled) ${columns} from board_versions
    where ${boardIds}::integer[] is null or board_id = any(${boardIds}::integer[])
    order by board_id, is_styled, number desc`.execute(db)
  return rows.map(versionOf)
}

/** Number of the last version; null: there is none. */
export async function selectLastNumber(
  db: Database,
  { boardId, isStyled }: Pick<BoardVersion, 'boardId' | 'isStyled'>,
): Promise<number | null> {
  const { rows } = await sql<{ number: number | null }>`
    select max(number) as number from board_versions
    where board_id = ${boardId} and is_styled = ${isStyled}`.execute(db)
  return rows[0]?.number ?? null
}

/** How many people voted on a board as of its last version; null: there is none. */
export async function selectLastRaters(
  db: Database,
  { boardId, isStyled }: Pick<BoardVersion, 'boardId' | 'isStyled'>,
): Promise<number | null> {
  const { rows } = await sql<{ raters: number }>`
    select raters from board_versions where board_id = ${boardId} and is_styled = ${isStyled}
    order by number desc limit 1`.execute(db)
  return rows[0]?.raters ?? null
}

/** One version with what it says, compressed; null: there is none of that number. */
export async function selectVersion(
  db: Database,
  { boardId, isStyled, number }: Pick<BoardVersion, 'boardId' | 'isStyled' | 'number'>,
): Promise<(BoardVersion & { readonly payload: Uint8Array }) | null> {
  const { rows } = await sql<VersionRow & { payload: Uint8Array }>`
    select ${columns}, payload from board_versions
    where board_id = ${boardId} and is_styled = ${isStyled} and number = ${number}`.execute(db)
  const [row] = rows
  return row === undefined ? null : { ...versionOf(row), payload: row.payload }
}

/** Keeps a version for good. */
export async function keepVersion(
  db: Database,
  { boardId, isStyled, number }: Pick<BoardVersion, 'boardId' | 'isStyled' | 'number'>,
): Promise<void> {
  await sql`update board_versions set is_kept = true
    where board_id = ${boardId} and is_styled = ${isStyled} and number = ${number}
      and not is_kept`.execute(db)
}

/**
 * Removes what nobody will miss: of versions that are not kept, after ten minutes those that are
 * not the last of their minute, after a day those that are not the last of their hour; and moves
 * older than a day that every board's last version holds.
 */
export async function trimVersions(db: Database, now: Date): Promise<void> {
  await sql`delete from board_versions as v using (
      select board_id, is_styled, number, made_at,
        lead(made_at) over (partition by board_id, is_styled order by number) as next_at
      from board_versions) as n
    where v.board_id = n.board_id and v.is_styled = n.is_styled and v.number = n.number
      and not v.is_kept and n.next_at is not null and (
        (v.made_at < ${now}::timestamptz - interval '10 minutes'
          and date_trunc('minute', v.made_at) = date_trunc('minute', n.next_at))
        or (v.made_at < ${now}::timestamptz - interval '1 day'
          and date_trunc('hour', v.made_at) = date_trunc('hour', n.next_at)))`.execute(db)
  await sql`delete from vote_moves where moved_at < ${now}::timestamptz - interval '1 day'
    and seq <= (select min(low) from (select max(low_seq) as low from board_versions
      group by board_id, is_styled) as l)`.execute(db)
}

export interface Certificate {
  readonly better: string
  readonly worse: string
  readonly certifiedAt: Date
  readonly certifiedIn: number
  readonly logE: number
  readonly tolerance: number | null
  readonly voidedAt: Date | null
  readonly voidReason: string | null
}

interface CertificateRow {
  readonly better_id: string
  readonly worse_id: string
  readonly certified_at: Date
  readonly certified_in: number
  readonly log_e: number
  readonly tolerance: number | null
  readonly voided_at: Date | null
  readonly void_reason: string | null
}

/** The certificates on record at a version, oldest first; those that ended later still stand. */
export async function selectCertificates(
  db: Database,
  {
    boardId,
    isStyled,
    number,
  }: Pick<BoardVersion, 'boardId' | 'isStyled'> & { readonly number: number | null },
): Promise<Certificate[]> {
  const { rows } = await sql<CertificateRow>`
    select better_id, worse_id, certified_at, certified_in, log_e, tolerance,
      case when ${number}::integer is null or voided_in <= ${number}::integer
        then voided_at end as voided_at,
      case when ${number}::integer is null or voided_in <= ${number}::integer
        then void_reason end as void_reason
    from certificates where board_id = ${boardId} and is_styled = ${isStyled}
      and (${number}::integer is null or certified_in <= ${number}::integer)
    order by certified_in, better_id, worse_id`.execute(db)
  return rows.map((row) => ({
    better: row.better_id,
    worse: row.worse_id,
    certifiedAt: row.certified_at,
    certifiedIn: row.certified_in,
    logE: row.log_e,
    tolerance: row.tolerance,
    voidedAt: row.voided_at,
    voidReason: row.void_reason,
  }))
}

/** Boards whose last version lacks a move, or was made by other code. */
export async function selectStaleBoards(
  db: Database,
  codeVersion: string,
): Promise<{ readonly boardId: number; readonly isStyled: boolean }[]> {
  const { rows } = await sql<{ id: number; is_styled: boolean }>`
    select b.id, k.is_styled from boards as b cross join (values (false), (true)) as k(is_styled)
    left join lateral (select low_seq, extra_seqs, code_version from board_versions as v
      where v.board_id = b.id and v.is_styled = k.is_styled
      order by number desc limit 1) as l on true
    where exists (select from pair_counts as c where c.board_id = b.id)
      and (l.low_seq is null or l.code_version <> ${codeVersion}
        or exists (select from vote_moves as m where m.seq > l.low_seq
          and m.seq <> all(l.extra_seqs) and b.id = any(m.board_ids)))
    order by b.slice <> 'overall', b.id`.execute(db)
  return rows.map(({ id, is_styled: isStyled }) => ({ boardId: id, isStyled }))
}
