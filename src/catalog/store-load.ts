import { type Kysely, sql } from 'kysely'
import { assert, isJsonObject, type Json } from '../kernel/index.ts'
import { readSettings } from './resilience.ts'
import type { CatalogTables } from './tables.ts'
import {
  type Alias,
  type Capability,
  type CatalogRows,
  type KnownFact,
  type League,
  type Listing,
  type Model,
  PROVIDER_KINDS,
  type Proposal,
  type Provider,
  type Quirks,
  type Variant,
} from './types.ts'

/** A transaction or the database itself. */
export type Database = Kysely<unknown>

/** Makes the rest of a transaction see one revision, whatever others commit meanwhile. */
export async function freezeReads(db: Database): Promise<void> {
  await sql`set transaction isolation level repeatable read, read only`.execute(db)
}

/** Everything the catalog keeps, oldest first. Run it in a transaction to see one revision. */
export async function loadCatalog(db: Database): Promise<CatalogRows> {
  return {
    revision: await loadRevision(db),
    models: await loadModels(db),
    formerNames: await loadFormerNames(db),
    variants: await loadVariants(db),
    providers: await loadProviders(db),
    listings: await loadListings(db),
    facts: await loadFacts(db),
    aliases: await loadAliases(db),
    proposals: await loadProposals(db),
  }
}

export async function loadRevision(db: Database): Promise<number> {
  const row = await tables(db)
    .selectFrom('catalog_revision')
    .select('revision')
    .executeTakeFirstOrThrow()
  return Number(row.revision)
}

async function loadModels(db: Database): Promise<Model[]> {
  const rows = await tables(db).selectFrom('models').selectAll().orderBy('id').execute()
  return rows.map((row) => ({
    id: row.id,
    publisher: row.publisher,
    name: row.name,
    family: row.family,
    succeedsId: row.succeeds_id,
    derivedFromId: row.derived_from_id,
    capabilities: row.capabilities as Capability[] | null,
    league: row.league as League,
    mergedIntoId: row.merged_into_id,
    createdAtMs: row.created_at.getTime(),
  }))
}

async function loadFormerNames(db: Database): Promise<CatalogRows['formerNames']> {
  const rows = await tables(db).selectFrom('former_names').selectAll().orderBy('id').execute()
  return rows.map((row) => ({
    id: row.id,
    publisher: row.publisher,
    name: row.name,
    modelId: row.model_id,
    createdAtMs: row.created_at.getTime(),
  }))
}

async function loadVariants(db: Database): Promise<Variant[]> {
  const rows = await tables(db).selectFrom('variants').selectAll().orderBy('id').execute()
  return rows.map((row) => ({
    id: row.id,
    modelId: row.model_id,
    weightsSha256: row.weights_sha256,
    quantisation: row.quantisation,
    upstreamModel: row.upstream_model,
    firstSeenAtMs: row.first_seen_at.getTime(),
  }))
}

async function loadProviders(db: Database): Promise<Provider[]> {
  const rows = await tables(db).selectFrom('providers').selectAll().orderBy('id').execute()
  return rows.map((row) => {
    const kind = PROVIDER_KINDS.find((each) => each === row.kind)
    assert(kind !== undefined, `catalog: a provider of the kind ${row.kind} is in the database`)
    return {
      id: row.id,
      kind,
      name: row.name,
      baseUrl: row.base_url,
      sealedKey: row.sealed_key,
      quirks: readQuirks(row.quirks),
      resilience: readSettings(row.resilience ?? undefined),
      createdAtMs: row.created_at.getTime(),
      refreshedAtMs: timeOf(row.refreshed_at),
      removedAtMs: timeOf(row.removed_at),
    }
  })
}

async function loadListings(db: Database): Promise<Listing[]> {
  const rows = await tables(db).selectFrom('listings').selectAll().orderBy('id').execute()
  return rows.map((row) => ({
    id: row.id,
    variantId: row.variant_id,
    providerId: row.provider_id,
    upstreamModel: row.upstream_model,
    filePath: row.file_path,
    isOn: row.is_on,
    position: row.position,
    resilience: readSettings(row.resilience ?? undefined),
    offeredAtMs: row.offered_at.getTime(),
    switchedAtMs: timeOf(row.switched_at),
    vanishedAtMs: timeOf(row.vanished_at),
  }))
}

async function loadFacts(db: Database): Promise<KnownFact[]> {
  const rows = await tables(db).selectFrom('facts').selectAll().execute()
  return rows.map((row) => ({
    subjectKind: row.subject_kind === 'model' ? 'model' : 'listing',
    subjectId: row.subject_id as KnownFact['subjectId'],
    name: row.name,
    value: row.value,
    source: row.source,
    checkedAtMs: row.checked_at.getTime(),
  }))
}

async function loadAliases(db: Database): Promise<Alias[]> {
  const rows = await tables(db).selectFrom('aliases').selectAll().orderBy('alias').execute()
  return rows.flatMap((row) => {
    const createdAtMs = row.created_at.getTime()
    if (row.model_id !== null) {
      return { alias: row.alias, target: { kind: 'model' as const, id: row.model_id }, createdAtMs }
    }
    if (row.listing_id === null) return []
    const target = { kind: 'listing' as const, id: row.listing_id }
    return { alias: row.alias, target, createdAtMs }
  })
}

async function loadProposals(db: Database): Promise<Proposal[]> {
  const rows = await tables(db).selectFrom('proposals').selectAll().orderBy('id').execute()
  return rows.map((row) => ({
    id: row.id,
    keptModelId: row.kept_model_id,
    otherModelId: row.other_model_id,
    reason: row.reason,
    state: row.state as Proposal['state'],
    movedVariantIds: row.moved_variant_ids,
    createdAtMs: row.created_at.getTime(),
    decidedAtMs: timeOf(row.decided_at),
    decidedBy: row.decided_by,
  }))
}

function readQuirks(value: Json | null): Quirks | null {
  if (!isJsonObject(value ?? undefined) || value === null) return null
  const { accepts_stream_options: accepts, rejected_parameters: rejected } = value as {
    readonly [key: string]: Json
  }
  return {
    acceptsStreamOptions: accepts !== false,
    rejectedParameters: Array.isArray(rejected) ? rejected.map(String) : [],
  }
}

function timeOf(date: Date | null): number | null {
  return date === null ? null : date.getTime()
}

function tables(db: Database): Kysely<CatalogTables> {
  return db.withTables<CatalogTables>()
}
