import { type Kysely, sql } from 'kysely'
import type pg from 'pg'
import type { OrganisationId } from '../kernel/index.ts'
import type { Board, BoardName, BoardSettings } from './types.ts'

type Database = Kysely<unknown>

interface BoardRow {
  readonly id: number
  readonly organisation_id: OrganisationId
  readonly league: Board['league']
  readonly kind: Board['kind']
  readonly slice: string
  readonly is_public: boolean
  readonly salt: string
}

const columns = sql`id, organisation_id, league, kind, slice, is_public, salt`

function boardOf(row: BoardRow): Board {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    league: row.league,
    kind: row.kind,
    slice: row.slice,
    isPublic: row.is_public,
    salt: row.salt,
  }
}

/** Boards of an organisation, the house's where it is null; those that anybody may see, or all. */
export async function selectBoards(
  db: Database,
  organisationId: OrganisationId | null,
): Promise<Board[]> {
  const { rows } = await sql<BoardRow>`select ${columns} from boards
    where organisation_id = ${ofOrganisation(organisationId)}
    order by league, kind desc, slice <> 'overall', slice`.execute(db)
  return rows.map(boardOf)
}

/** The organisation of the house, where none is named. */
function ofOrganisation(id: OrganisationId | null) {
  return id === null ? sql`(select id from organisations where is_house)` : sql`${id}::uuid`
}

/** One board by its name; null: nobody voted there. */
export async function selectBoard(
  db: Database,
  name: Omit<BoardName, 'organisationId'> & { readonly organisationId: OrganisationId | null },
): Promise<Board | null> {
  const { rows } = await sql<BoardRow>`select ${columns} from boards
    where organisation_id = ${ofOrganisation(name.organisationId)} and league = ${name.league}
      and kind = ${name.kind} and slice = ${name.slice}`.execute(db)
  return rows[0] === undefined ? null : boardOf(rows[0])
}

/** A board by its number; null: there is none. */
export async function selectBoardById(db: Database, id: number): Promise<Board | null> {
  const { rows } = await sql<BoardRow>`
    select ${columns} from boards where id = ${id}`.execute(db)
  return rows[0] === undefined ? null : boardOf(rows[0])
}

export async function updateIsPublic(db: Database, id: number, isPublic: boolean): Promise<void> {
  await sql`update boards set is_public = ${isPublic} where id = ${id}`.execute(db)
}

/** What an organisation set; null: nothing. */
export async function selectSettings(
  db: Database,
  organisationId: OrganisationId,
): Promise<BoardSettings | null> {
  const { rows } = await sql<{ least_people: number; least_tolerance: number }>`
    select least_people, least_tolerance from board_settings
    where organisation_id = ${organisationId}`.execute(db)
  const [row] = rows
  return row === undefined
    ? null
    : { leastPeople: row.least_people, leastTolerance: row.least_tolerance }
}

export async function upsertSettings(
  db: Database,
  organisationId: OrganisationId,
  { leastPeople, leastTolerance, at }: BoardSettings & { readonly at: Date },
): Promise<void> {
  await sql`insert into board_settings values (${organisationId}, ${leastPeople},
      ${leastTolerance}, ${at})
    on conflict (organisation_id) do update set least_people = excluded.least_people,
      least_tolerance = excluded.least_tolerance, updated_at = excluded.updated_at`.execute(db)
}

/** Any number that no other part of ours locks by. */
const KEEPER_LOCK = 7_264_108

/** A lock that one process of all on the database holds, as long as its connection lives. */
export interface KeeperLock {
  readonly isHeld: boolean
  /** Says something on the connection: one that is silent for long is taken for lost and cut. */
  touch(): Promise<void>
  release(): Promise<void>
}

/** Null: another process has it. */
export async function takeKeeperLock(pool: pg.Pool): Promise<KeeperLock | null> {
  const client = await pool.connect()
  let isHeld = false
  try {
    const found = await client.query('select pg_try_advisory_lock($1) as is_held', [KEEPER_LOCK])
    isHeld = found.rows[0]?.is_held === true
  } finally {
    if (!isHeld) client.release()
  }
  return isHeld ? holdLock(client) : null
}

function holdLock(client: pg.PoolClient): KeeperLock {
  let isHeld = true
  const lose = (): void => {
    isHeld = false
  }
  client.on('error', lose)
  client.on('end', lose)
  return {
    get isHeld() {
      return isHeld
    },
    async touch() {
      if (isHeld) await client.query('select 1')
    },
    async release() {
      const wasHeld = isHeld
      isHeld = false
      client.off('error', lose)
      client.off('end', lose)
      try {
        if (wasHeld) await client.query('select pg_advisory_unlock($1)', [KEEPER_LOCK])
      } finally {
        client.release(!wasHeld)
      }
    },
  }
}
