import { type SelectQueryBuilder, sql } from 'kysely'
import type { Store } from '../store/index.ts'
import { firstIdOf } from './first-id-of.ts'
import { ID_SLACK_MS, isShown, type UsageFilter, type UsageRow } from './store.ts'

/** What totals may be told apart by. */
export type TotalsBy = 'model' | 'listing' | 'key' | 'purpose' | 'day'

export interface TotalsFilter extends Omit<UsageFilter, 'beforeId' | 'limit'> {
  /** Null: one total of all. */
  readonly by: TotalsBy | null
}

/** Sums of one group in one currency; `cost_currency` null: those whose cost is not known. */
export interface TotalsRow {
  group_key: string | null
  cost_currency: string | null
  request_count: string
  input_tokens: string
  cached_input_tokens: string
  cache_write_tokens: string
  output_tokens: string
  reasoning_tokens: string
  cost_pico: string | null
}

const KEYS = {
  model: sql<string | null>`model_id::text`,
  listing: sql<string | null>`listing_id::text`,
  key: sql<string | null>`key_id::text`,
  purpose: sql<string | null>`purpose`,
  day: sql<string | null>`to_char(started_at at time zone 'UTC', 'YYYY-MM-DD')`,
}
const ONE = sql<string | null>`null::text`

/** Sums by group and currency, in the order of the groups. */
export async function selectTotals(store: Store, filter: TotalsFilter): Promise<TotalsRow[]> {
  const db = store.db.withTables<{ usage: UsageRow }>()
  const key = filter.by === null ? ONE : KEYS[filter.by]
  const query = db
    .selectFrom('usage')
    .select([
      key.as('group_key'),
      'cost_currency',
      sql<string>`count(*)`.as('request_count'),
      sql<string>`sum(input_tokens)`.as('input_tokens'),
      sql<string>`sum(cached_input_tokens)`.as('cached_input_tokens'),
      sql<string>`sum(cache_write_tokens)`.as('cache_write_tokens'),
      sql<string>`sum(output_tokens)`.as('output_tokens'),
      sql<string>`sum(reasoning_tokens)`.as('reasoning_tokens'),
      sql<string | null>`sum(cost_pico)`.as('cost_pico'),
    ])
    .groupBy([sql`1`, 'cost_currency'])
    .orderBy(sql`1`)
    .orderBy('cost_currency')
  return await where(query, filter).execute()
}

function where<Row>(
  query: SelectQueryBuilder<{ usage: UsageRow }, 'usage', Row>,
  filter: TotalsFilter,
): SelectQueryBuilder<{ usage: UsageRow }, 'usage', Row> {
  let narrowed = query.where('organisation_id', '=', filter.organisationId).where(isShown)
  if (filter.subjectId !== null) narrowed = narrowed.where('subject_id', '=', filter.subjectId)
  if (filter.ownKeyId !== null) narrowed = narrowed.where('key_id', '=', filter.ownKeyId)
  if (filter.keyId !== null) narrowed = narrowed.where('key_id', '=', filter.keyId)
  if (filter.modelId !== null) narrowed = narrowed.where('model_id', '=', filter.modelId)
  if (filter.outcome != null) narrowed = narrowed.where('outcome', '=', filter.outcome)
  if (filter.since !== null)
    narrowed = narrowed
      .where('started_at', '>=', filter.since)
      .where('id', '>=', firstIdOf(filter.since.getTime() - ID_SLACK_MS))
  if (filter.until !== null)
    narrowed = narrowed
      .where('started_at', '<', filter.until)
      .where('id', '<', firstIdOf(filter.until.getTime() + ID_SLACK_MS))
  return narrowed
}
