import { type Kysely, sql } from 'kysely'
import type { ListingId, ModelId, ProviderId, VariantId } from '../kernel/index.ts'
import { settingsRow } from './resilience.ts'
import type { Database } from './store-load.ts'
import type { CatalogTables } from './tables.ts'
import type {
  Alias,
  FormerName,
  KnownFact,
  Listing,
  Model,
  Proposal,
  Provider,
  ProviderSettings,
  Variant,
} from './types.ts'

/** Rows of one statement: PostgreSQL takes at most 65,535 parameters. */
const BATCH = 2_000

/**
 * Takes the catalog for this transaction: every change holds this row until it commits. Resolves to
 * the new revision.
 */
export async function raiseRevision(db: Database): Promise<number> {
  const row = await tables(db)
    .updateTable('catalog_revision')
    .set({ revision: sql<string>`revision + 1` })
    .returning('revision')
    .executeTakeFirstOrThrow()
  return Number(row.revision)
}

export async function insertModels(db: Database, models: readonly Model[]): Promise<void> {
  for (const batch of batches(models)) {
    await tables(db).insertInto('models').values(batch.map(modelRow)).execute()
  }
}

export async function updateModel(db: Database, model: Model): Promise<void> {
  await tables(db).updateTable('models').set(modelRow(model)).where('id', '=', model.id).execute()
}

export async function insertFormerName(db: Database, former: FormerName): Promise<void> {
  await tables(db)
    .insertInto('former_names')
    .values({
      id: former.id,
      publisher: former.publisher,
      name: former.name,
      model_id: former.modelId,
      created_at: new Date(former.createdAtMs),
    })
    .execute()
}

export async function deleteFormerName(db: Database, id: string): Promise<void> {
  await tables(db).deleteFrom('former_names').where('id', '=', id).execute()
}

export async function insertVariants(db: Database, variants: readonly Variant[]): Promise<void> {
  for (const batch of batches(variants)) {
    await tables(db).insertInto('variants').values(batch.map(variantRow)).execute()
  }
}

export async function moveVariants(
  db: Database,
  ids: readonly VariantId[],
  to: ModelId,
): Promise<void> {
  if (ids.length === 0) return
  await tables(db).updateTable('variants').set({ model_id: to }).where('id', 'in', ids).execute()
}

export async function insertProvider(db: Database, provider: Provider): Promise<void> {
  await tables(db).insertInto('providers').values(providerRow(provider)).execute()
}

export async function updateProvider(db: Database, provider: Provider): Promise<void> {
  await tables(db)
    .updateTable('providers')
    .set(providerRow(provider))
    .where('id', '=', provider.id)
    .execute()
}

export async function insertListings(db: Database, listings: readonly Listing[]): Promise<void> {
  for (const batch of batches(listings)) {
    await tables(db).insertInto('listings').values(batch.map(listingRow)).execute()
  }
}

export async function updateListing(db: Database, listing: Listing): Promise<void> {
  await tables(db)
    .updateTable('listings')
    .set(listingRow(listing))
    .where('id', '=', listing.id)
    .execute()
}

export async function switchListings(
  db: Database,
  ids: readonly ListingId[],
  to: { readonly isOn: boolean; readonly atMs: number },
): Promise<void> {
  if (ids.length === 0) return
  await tables(db)
    .updateTable('listings')
    .set({ is_on: to.isOn, switched_at: new Date(to.atMs) })
    .where('id', 'in', ids)
    .where('is_on', '<>', to.isOn)
    .execute()
}

/** Marks what its provider no longer offers: off, with the time. */
export async function vanishListings(
  db: Database,
  ids: readonly ListingId[],
  atMs: number,
): Promise<void> {
  await switchListings(db, ids, { isOn: false, atMs })
  if (ids.length === 0) return
  await tables(db)
    .updateTable('listings')
    .set({ vanished_at: new Date(atMs) })
    .where('id', 'in', ids)
    .where('vanished_at', 'is', null)
    .execute()
}

/** Marks what its provider offers again. It stays off. */
export async function returnListings(db: Database, ids: readonly ListingId[]): Promise<void> {
  if (ids.length === 0) return
  await tables(db)
    .updateTable('listings')
    .set({ vanished_at: null })
    .where('id', 'in', ids)
    .execute()
}

export async function putFacts(db: Database, facts: readonly KnownFact[]): Promise<void> {
  for (const batch of batches(facts)) {
    await tables(db)
      .insertInto('facts')
      .values(batch.map(factRow))
      .onConflict((conflict) =>
        conflict.columns(['subject_kind', 'subject_id', 'name']).doUpdateSet((row) => ({
          value: row.ref('excluded.value'),
          source: row.ref('excluded.source'),
          checked_at: row.ref('excluded.checked_at'),
        })),
      )
      .execute()
  }
}

export async function deleteFacts(
  db: Database,
  of: { readonly kind: 'model' | 'listing'; readonly id: ModelId | ListingId },
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return
  await tables(db)
    .deleteFrom('facts')
    .where('subject_kind', '=', of.kind)
    .where('subject_id', '=', of.id)
    .where('name', 'in', names)
    .execute()
}

export async function putAlias(db: Database, alias: Alias): Promise<void> {
  await deleteAlias(db, alias.alias)
  await tables(db)
    .insertInto('aliases')
    .values({
      alias: alias.alias,
      model_id: alias.target.kind === 'model' ? alias.target.id : null,
      listing_id: alias.target.kind === 'listing' ? alias.target.id : null,
      created_at: new Date(alias.createdAtMs),
    })
    .execute()
}

export async function deleteAlias(db: Database, alias: string): Promise<void> {
  await tables(db)
    .deleteFrom('aliases')
    .where(sql<string>`lower(alias)`, '=', alias.toLowerCase())
    .execute()
}

export async function insertProposals(db: Database, proposals: readonly Proposal[]): Promise<void> {
  for (const batch of batches(proposals)) {
    await tables(db).insertInto('proposals').values(batch.map(proposalRow)).execute()
  }
}

export async function updateProposal(db: Database, proposal: Proposal): Promise<void> {
  await tables(db)
    .updateTable('proposals')
    .set(proposalRow(proposal))
    .where('id', '=', proposal.id)
    .execute()
}

/** Listings of a provider that are there now. */
export async function vanishProvider(db: Database, id: ProviderId, atMs: number): Promise<void> {
  const rows = await tables(db)
    .selectFrom('listings')
    .select('id')
    .where('provider_id', '=', id)
    .where('vanished_at', 'is', null)
    .execute()
  for (const batch of batches(rows)) {
    await vanishListings(
      db,
      batch.map((row) => row.id),
      atMs,
    )
  }
}

function modelRow(model: Model) {
  return {
    id: model.id,
    publisher: model.publisher,
    name: model.name,
    family: model.family,
    succeeds_id: model.succeedsId,
    derived_from_id: model.derivedFromId,
    capabilities: model.capabilities === null ? null : [...model.capabilities],
    league: model.league,
    merged_into_id: model.mergedIntoId,
    created_at: new Date(model.createdAtMs),
  }
}

function variantRow(variant: Variant) {
  return {
    id: variant.id,
    model_id: variant.modelId,
    weights_sha256: variant.weightsSha256,
    quantisation: variant.quantisation,
    upstream_model: variant.upstreamModel,
    first_seen_at: new Date(variant.firstSeenAtMs),
  }
}

function providerRow(provider: Provider) {
  return {
    id: provider.id,
    kind: provider.kind,
    name: provider.name,
    base_url: provider.baseUrl,
    sealed_key: provider.sealedKey,
    quirks:
      provider.quirks === null
        ? null
        : JSON.stringify({
            accepts_stream_options: provider.quirks.acceptsStreamOptions,
            rejected_parameters: provider.quirks.rejectedParameters,
          }),
    resilience: settingsText(provider.resilience),
    created_at: new Date(provider.createdAtMs),
    refreshed_at: dateOf(provider.refreshedAtMs),
    removed_at: dateOf(provider.removedAtMs),
  }
}

function listingRow(listing: Listing) {
  return {
    id: listing.id,
    variant_id: listing.variantId,
    provider_id: listing.providerId,
    upstream_model: listing.upstreamModel,
    file_path: listing.filePath,
    is_on: listing.isOn,
    position: listing.position,
    resilience: settingsText(listing.resilience),
    offered_at: new Date(listing.offeredAtMs),
    switched_at: dateOf(listing.switchedAtMs),
    vanished_at: dateOf(listing.vanishedAtMs),
  }
}

function settingsText(settings: ProviderSettings): string | null {
  const row = settingsRow(settings)
  return Object.keys(row).length === 0 ? null : JSON.stringify(row)
}

function factRow(fact: KnownFact) {
  return {
    subject_kind: fact.subjectKind,
    subject_id: fact.subjectId,
    name: fact.name,
    value: JSON.stringify(fact.value),
    source: fact.source,
    checked_at: new Date(fact.checkedAtMs),
  }
}

function proposalRow(proposal: Proposal) {
  return {
    id: proposal.id,
    kept_model_id: proposal.keptModelId,
    other_model_id: proposal.otherModelId,
    reason: proposal.reason,
    state: proposal.state,
    moved_variant_ids: [...proposal.movedVariantIds],
    created_at: new Date(proposal.createdAtMs),
    decided_at: dateOf(proposal.decidedAtMs),
    decided_by: proposal.decidedBy,
  }
}

function dateOf(timeMs: number | null): Date | null {
  return timeMs === null ? null : new Date(timeMs)
}

function batches<T>(rows: readonly T[]): T[][] {
  const found: T[][] = []
  for (let at = 0; at < rows.length; at += BATCH) found.push(rows.slice(at, at + BATCH))
  return found
}

function tables(db: Database): Kysely<CatalogTables> {
  return db.withTables<CatalogTables>()
}
