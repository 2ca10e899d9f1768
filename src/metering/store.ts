import { type Kysely, sql } from 'kysely'
import type { ClientBase, Pool, PoolClient } from 'pg'
import type { Store } from '../store/index.ts'
import { firstIdOf } from './first-id-of.ts'
import type { Usage } from './types.ts'

/** A usage record as the database gives it: bigints are text, times are Dates. */
export interface UsageRow {
  id: string
  started_at: Date
  organisation_id: string
  subject_id: string
  key_id: string | null
  team_id: string | null
  model_id: string
  variant_id: string
  listing_id: string
  purpose: string
  operation: string
  is_stream: boolean
  input_tokens: string
  cached_input_tokens: string
  cache_write_tokens: string
  output_tokens: string
  reasoning_tokens: string
  source: string
  outcome: string
  upstream_status: number | null
  upstream_id: string | null
  first_byte_ms: number | null
  total_ms: number
  compute_ms: number | null
  /** Pico-units of the currency. Null: not known. */
  cost_pico: string | null
  cost_currency: string | null
  price_ref: string | null
  /** Why it is not known; null in records of a process that knows no prices. */
  cost_unknown: string | null
  /** Null: who asked named the model. */
  route: string | null
}

/** The columns in the order of the insert, each with its SQL type and its value as SQL text. */
const COLUMNS: readonly [string, string, (usage: Usage) => string | number | boolean | null][] = [
  ['id', 'uuid', (u) => u.id],
  ['started_at', 'timestamptz', (u) => new Date(u.startedAtMs).toISOString()],
  ['organisation_id', 'uuid', (u) => u.organisationId],
  ['subject_id', 'uuid', (u) => u.subjectId],
  ['key_id', 'uuid', (u) => u.keyId],
  ['team_id', 'uuid', (u) => u.teamId ?? null],
  ['model_id', 'uuid', (u) => u.modelId],
  ['variant_id', 'uuid', (u) => u.variantId],
  ['listing_id', 'uuid', (u) => u.listingId],
  ['purpose', 'text', (u) => quoted(u.purpose)],
  ['operation', 'text', (u) => quoted(u.operation)],
  ['is_stream', 'boolean', (u) => u.isStream],
  ['input_tokens', 'bigint', (u) => u.tokens.input],
  ['cached_input_tokens', 'bigint', (u) => u.tokens.cachedInput],
  ['cache_write_tokens', 'bigint', (u) => u.tokens.cacheWrite],
  ['output_tokens', 'bigint', (u) => u.tokens.output],
  ['reasoning_tokens', 'bigint', (u) => u.tokens.reasoning],
  ['source', 'text', (u) => quoted(u.source)],
  ['outcome', 'text', (u) => quoted(u.outcome)],
  ['upstream_status', 'smallint', (u) => u.upstreamStatus],
  ['upstream_id', 'text', (u) => (u.upstreamId === null ? null : quoted(u.upstreamId))],
  ['first_byte_ms', 'real', (u) => u.firstByteMs],
  ['total_ms', 'real', (u) => u.totalMs],
  ['compute_ms', 'real', (u) => u.computeMs ?? null],
  ['cost_pico', 'numeric', ({ cost }) => (cost?.isKnown ? String(cost.amountPico) : null)],
  ['cost_currency', 'text', ({ cost }) => (cost?.isKnown ? cost.currency : null)],
  ['price_ref', 'text', ({ cost }) => (cost?.isKnown ? quoted(cost.priceRef) : null)],
  ['cost_unknown', 'text', ({ cost }) => (cost?.isKnown === false ? cost.reason : null)],
  ['route', 'text', (u) => (u.route == null ? null : quoted(u.route))],
]

const SPECIAL = /["\\]/

const INSERT = `insert into usage (${COLUMNS.map(([name]) => name).join(', ')})
  select * from unnest(${COLUMNS.map(([, type], i) => `$${i + 1}::${type}[]`).join(', ')})
  on conflict (id) do nothing`

/** Appends records in one statement. A record already there is left as it is. */
export async function insertUsage(
  client: Pool | ClientBase,
  records: readonly Usage[],
): Promise<void> {
  const values = COLUMNS.map(([, , read]) => arrayText(records, read))
  await client.query({ name: 'insert-usage', text: INSERT, values })
}

/**
 * An array as PostgreSQL reads it. The driver's own way from arrays to this text looks at every
 * value's type and costs four times as much, on the way of every request.
 */
function arrayText(
  records: readonly Usage[],
  read: (usage: Usage) => string | number | boolean | null,
): string {
  return `{${records.map((record) => read(record) ?? 'NULL').join(',')}}`
}

/** Text as an element of such an array, whatever it holds. */
function quoted(text: string): string {
  return `"${SPECIAL.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`
}

/**
 * One client, one transaction: the records and what else belongs to them, all or nothing. Records
 * alone are one statement, which is a transaction by itself: one way to the server and back.
 */
export async function commitUsage(
  pool: Pool,
  records: readonly Usage[],
  alsoCommit?: (client: ClientBase, records: readonly Usage[]) => Promise<void>,
): Promise<void> {
  const client = await pool.connect()
  if (alsoCommit === undefined) {
    await commitAlone(client, records)
    return
  }
  let isSound = false
  try {
    await client.query('begin')
    await insertUsage(client, records)
    await alsoCommit(client, records)
    await client.query('commit')
    isSound = true
  } finally {
    client.release(!isSound && !(await isRolledBack(client)))
  }
}

async function commitAlone(client: PoolClient, records: readonly Usage[]): Promise<void> {
  let isSound = false
  try {
    await insertUsage(client, records)
    isSound = true
  } finally {
    client.release(!isSound && !(await isRolledBack(client)))
  }
}

/** Whether the client can be used again. */
function isRolledBack(client: PoolClient): Promise<boolean> {
  return client.query('rollback').then(
    () => true,
    () => false,
  )
}

/**
 * Usage of a battle names who answered: it is not shown before the reveal, nor where nobody votes
 * as long as somebody might.
 */
export const isShown = sql<boolean>`(usage.purpose <> 'battle'
  or usage.started_at < now() - interval '24 hours'
  or exists (select 1 from usage_revealed as r where r.usage_id = usage.id))`

/** From the end of the caller's transaction on, these records of battles are shown. */
export async function revealUsage(db: Kysely<unknown>, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await sql`insert into usage_revealed (usage_id) select unnest(${ids}::uuid[])
    on conflict do nothing`.execute(db)
}

export interface UsageFilter {
  readonly organisationId: string
  /** Null: the whole organisation. */
  readonly subjectId: string | null
  /** Null: of all keys. */
  readonly ownKeyId: string | null
  readonly keyId: string | null
  readonly modelId: string | null
  /** Absent or null: whatever came of it. */
  readonly outcome?: string | null
  readonly since: Date | null
  readonly until: Date | null
  /** Only records older than this id; null: from the newest. */
  readonly beforeId: string | null
  readonly limit: number
}

/** An id is made when a request arrives, by a clock that may be set in between. */
export const ID_SLACK_MS = 3_600_000

/**
 * Newest first. Ids are of version 7, so their order is that of time: the bounds on ids let the
 * database read just the part of its index between two times.
 */
export async function selectUsage(store: Store, filter: UsageFilter): Promise<UsageRow[]> {
  const db = store.db.withTables<{ usage: UsageRow }>()
  let query = db
    .selectFrom('usage')
    .selectAll()
    .where('organisation_id', '=', filter.organisationId)
    .where(isShown)
    .orderBy('id', 'desc')
    .limit(filter.limit)
  if (filter.subjectId !== null) query = query.where('subject_id', '=', filter.subjectId)
  if (filter.ownKeyId !== null) query = query.where('key_id', '=', filter.ownKeyId)
  if (filter.keyId !== null) query = query.where('key_id', '=', filter.keyId)
  if (filter.modelId !== null) query = query.where('model_id', '=', filter.modelId)
  if (filter.outcome != null) query = query.where('outcome', '=', filter.outcome)
  if (filter.since !== null)
    query = query
      .where('started_at', '>=', filter.since)
      .where('id', '>=', firstIdOf(filter.since.getTime() - ID_SLACK_MS))
  if (filter.until !== null)
    query = query
      .where('started_at', '<', filter.until)
      .where('id', '<', firstIdOf(filter.until.getTime() + ID_SLACK_MS))
  if (filter.beforeId !== null) query = query.where('id', '<', filter.beforeId)
  return query.execute()
}

/** One record, if it is the organisation's and, where they are given, the subject's and key's. */
export async function selectUsageById(
  store: Store,
  where: {
    readonly id: string
    readonly organisationId: string
    readonly subjectId: string | null
    /** Null: of any key. */
    readonly ownKeyId: string | null
  },
): Promise<UsageRow | undefined> {
  const db = store.db.withTables<{ usage: UsageRow }>()
  let query = db
    .selectFrom('usage')
    .selectAll()
    .where('id', '=', where.id)
    .where('organisation_id', '=', where.organisationId)
    .where(isShown)
  if (where.subjectId !== null) query = query.where('subject_id', '=', where.subjectId)
  if (where.ownKeyId !== null) query = query.where('key_id', '=', where.ownKeyId)
  return query.executeTakeFirst()
}
