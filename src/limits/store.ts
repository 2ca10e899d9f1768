import { type Kysely, sql } from 'kysely'
import type pg from 'pg'
import type { OrganisationId } from '../kernel/index.ts'
import type {
  Ask,
  Grant,
  Holder,
  HolderKind,
  LimitedHolder,
  Limits,
  LimitUse,
  Report,
  Timing,
} from './types.ts'

type Database = Kysely<unknown>

type LimitsTables = {
  limits: {
    id: string
    holder_kind: HolderKind
    holder_id: string
    organisation_id: OrganisationId
    requests_per_minute: string | number | null
    tokens_per_minute: string | number | null
    concurrent_requests: string | number | null
    updated_at: Date
  }
  limit_leases: {
    id: string
    limit_id: string
    metric: string
    amount: string
    counts_until: Date
  }
}

const TAKE = `select is_limited, cap, granted, remaining, elsewhere, retry_ms, reset_ms
  from take_limits($1, $2, $3, $4, $5)`

interface GrantRow {
  readonly is_limited: boolean
  readonly cap: string
  readonly granted: string
  readonly remaining: string
  readonly elsewhere: string
  readonly retry_ms: number | null
  readonly reset_ms: number
}

/** Who asks, and which of its statements this is: later ones have higher numbers. */
export interface Taker {
  readonly processId: string
  readonly sequence: number
  readonly timing: Pick<Timing, 'windowMs' | 'openMs' | 'placeLeaseMs'>
}

/** Books reports, then answers asks in their order: one statement, one transaction. */
export async function takeLeases(
  pool: pg.Pool,
  { processId, sequence, timing }: Taker,
  { asks, reports }: { readonly asks: readonly Ask[]; readonly reports: readonly Report[] },
): Promise<Grant[]> {
  const times = {
    window_ms: timing.windowMs,
    open_ms: timing.openMs,
    lease_ms: timing.placeLeaseMs,
  }
  const values = [
    processId,
    sequence,
    JSON.stringify(times),
    JSON.stringify(asks.map(shapeAsk)),
    JSON.stringify(reports.map(shapeReport)),
  ]
  const { rows } = await pool.query<GrantRow>({ name: 'take-limits', text: TAKE, values })
  return rows.map((row) => ({
    isLimited: row.is_limited,
    limit: Number(row.cap),
    granted: Number(row.granted),
    left: Number(row.remaining),
    elsewhere: Number(row.elsewhere),
    retryMs: row.retry_ms,
    resetMs: row.reset_ms,
  }))
}

function shapeAsk({ limitId, metric, leaseId, least, most, extra, held }: Ask) {
  return { id: limitId, metric, lease: leaseId, least, most, extra, held }
}

function shapeReport({ limitId, metric, leaseId, amount, lastUseMs }: Report) {
  return { id: limitId, metric, lease: leaseId, amount, last_use_ms: lastUseMs }
}

export async function loadAllLimits(db: Database): Promise<LimitedHolder[]> {
  const rows = await tables(db).selectFrom('limits').selectAll().execute()
  return rows.map(holderOf)
}

/**
 * The limits of an organisation and of all in it; those of every organisation as a whole. `most` of
 * them, after the id `afterId`.
 */
export async function selectLimits(
  db: Database,
  organisationId: OrganisationId,
  page: {
    readonly withAllOrganisations: boolean
    readonly afterId: string | null
    readonly most: number
  },
): Promise<LimitedHolder[]> {
  let query = tables(db)
    .selectFrom('limits')
    .selectAll()
    .where((build) =>
      build.or([
        build('organisation_id', '=', organisationId),
        ...(page.withAllOrganisations ? [build('holder_kind', '=', 'organisation')] : []),
      ]),
    )
  if (page.afterId !== null) query = query.where('id', '>', page.afterId)
  const rows = await query.orderBy('id').limit(page.most).execute()
  return rows.map(holderOf)
}

/** The limits of some holders within an organisation. */
export async function selectBinding(
  db: Database,
  organisationId: OrganisationId,
  holderIds: readonly string[],
): Promise<LimitedHolder[]> {
  const rows = await tables(db)
    .selectFrom('limits')
    .selectAll()
    .where('organisation_id', '=', organisationId)
    .where('holder_id', 'in', holderIds)
    .orderBy('id')
    .execute()
  return rows.map(holderOf)
}

/** What counts now of limits, by their ids; those of which nothing is used are not there. */
export async function selectUse(
  db: Database,
  limitIds: readonly string[],
): Promise<Map<string, LimitUse>> {
  if (limitIds.length === 0) return new Map()
  const rows = await tables(db)
    .selectFrom('limit_leases')
    .select(['limit_id', 'metric'])
    .select((build) => build.fn.sum<string>('amount').as('amount'))
    .where((build) => build('counts_until', '>', build.fn<Date>('clock_timestamp')))
    .where('limit_id', '=', sql<string>`any(${limitIds})`)
    .groupBy(['limit_id', 'metric'])
    .execute()
  const uses = new Map<string, LimitUse>()
  for (const { limit_id: id, metric, amount } of rows) {
    const use = uses.get(id) ?? { requests: 0, tokens: 0, concurrent: 0 }
    uses.set(id, { ...use, [metric]: Math.min(Number(amount), Number.MAX_SAFE_INTEGER) })
  }
  return uses
}

/** Sets all of a holder's limits. */
export async function upsertLimits(
  db: Database,
  row: {
    /** Kept where the holder has limits already. */
    readonly id: string
    readonly holder: Holder
    readonly organisationId: OrganisationId
    readonly limits: Limits
    readonly updatedAt: Date
  },
): Promise<LimitedHolder> {
  const values = {
    requests_per_minute: row.limits.requestsPerMinute,
    tokens_per_minute: row.limits.tokensPerMinute,
    concurrent_requests: row.limits.concurrentRequests,
    updated_at: row.updatedAt,
  }
  const kept = await tables(db)
    .insertInto('limits')
    .values({
      id: row.id,
      organisation_id: row.organisationId,
      holder_kind: row.holder.kind,
      holder_id: row.holder.id,
      ...values,
    })
    .onConflict((conflict) =>
      conflict.columns(['organisation_id', 'holder_kind', 'holder_id']).doUpdateSet(values),
    )
    .returningAll()
    .executeTakeFirstOrThrow()
  return holderOf(kept)
}

/** False: the organisation has no such limit. What counted of it is forgotten with it. */
export async function deleteLimits(
  db: Database,
  organisationId: OrganisationId,
  holder: Holder,
): Promise<boolean> {
  const { numDeletedRows } = await tables(db)
    .deleteFrom('limits')
    .where('organisation_id', '=', organisationId)
    .where('holder_kind', '=', holder.kind)
    .where('holder_id', '=', holder.id)
    .executeTakeFirstOrThrow()
  return numDeletedRows > 0n
}

/** Removes what lapsed of counters that nobody asks any more; what is in use now is left. */
export async function deleteLapsed(pool: pg.Pool): Promise<void> {
  await pool.query(`delete from limit_leases where id in (
    select id from limit_leases where counts_until < clock_timestamp() - interval '1 minute'
    limit 10000 for update skip locked)`)
}

/** Removes the limits of keys that were revoked and of people and teams that left. How many. */
export async function deleteOrphans(db: Database): Promise<number> {
  const { rows } = await sql<{ dropped: string }>`
    select drop_limits_without_holder() as dropped`.execute(db)
  return Number(rows[0]?.dropped ?? 0)
}

function holderOf(row: LimitsTables['limits']): LimitedHolder {
  return {
    id: row.id,
    holder: { kind: row.holder_kind, id: row.holder_id } as Holder,
    organisationId: row.organisation_id,
    limits: {
      requestsPerMinute: numberOf(row.requests_per_minute),
      tokensPerMinute: numberOf(row.tokens_per_minute),
      concurrentRequests: numberOf(row.concurrent_requests),
    },
    updatedAt: row.updated_at,
  }
}

function numberOf(value: string | number | null): number | null {
  return value === null ? null : Number(value)
}

function tables(db: Database): Kysely<LimitsTables> {
  return db.withTables<LimitsTables>()
}
