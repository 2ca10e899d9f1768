import type { ColumnType } from 'kysely'
import type { Json, ListingId, ModelId, ProviderId, SubjectId, VariantId } from '../kernel/index.ts'

type Time = ColumnType<Date, Date, Date>
type TimeOrNull = ColumnType<Date | null, Date | null, Date | null>
/** Written as text, so that a JSON array is not taken for one of PostgreSQL's. */
type JsonColumn<T> = ColumnType<T, string, string>

/** A type and not an interface, as kysely asks for one it can index. */
export type CatalogTables = {
  models: {
    id: ModelId
    publisher: string
    name: string
    family: string | null
    succeeds_id: ModelId | null
    derived_from_id: ModelId | null
    capabilities: string[] | null
    league: string
    merged_into_id: ModelId | null
    created_at: Time
  }
  former_names: {
    id: string
    publisher: string
    name: string
    model_id: ModelId
    created_at: Time
  }
  variants: {
    id: VariantId
    model_id: ModelId
    weights_sha256: string | null
    quantisation: string | null
    upstream_model: string | null
    first_seen_at: Time
  }
  providers: {
    id: ProviderId
    kind: string
    name: string
    base_url: string
    sealed_key: string | null
    quirks: ColumnType<Json | null, string | null, string | null>
    resilience: ColumnType<Json | null, string | null, string | null>
    created_at: Time
    refreshed_at: TimeOrNull
    removed_at: TimeOrNull
  }
  listings: {
    id: ListingId
    variant_id: VariantId
    provider_id: ProviderId
    upstream_model: string
    file_path: string | null
    is_on: boolean
    position: number | null
    resilience: ColumnType<Json | null, string | null, string | null>
    offered_at: Time
    switched_at: TimeOrNull
    vanished_at: TimeOrNull
  }
  facts: {
    subject_kind: string
    subject_id: string
    name: string
    value: JsonColumn<Json>
    source: string
    checked_at: Time
  }
  aliases: {
    alias: string
    model_id: ModelId | null
    listing_id: ListingId | null
    created_at: Time
  }
  proposals: {
    id: string
    kept_model_id: ModelId
    other_model_id: ModelId
    reason: string
    state: string
    moved_variant_ids: VariantId[]
    created_at: Time
    decided_at: TimeOrNull
    decided_by: SubjectId | null
  }
  catalog_revision: { is_only: boolean; revision: ColumnType<string, never, string> }
}
