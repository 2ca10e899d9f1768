import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { type ListingId, newId, type ProviderId, Refusal } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import type { Means } from './means.ts'
import {
  type FilePlan,
  type NamedFile,
  nameWished,
  planFile,
  planNamedFile,
  type WishedName,
} from './plan-file.ts'
import { knownFacts } from './plan-import.ts'
import { readModelCard } from './read-model-card.ts'
import { recordProposals } from './service-proposals.ts'
import {
  insertListings,
  insertModels,
  insertProvider,
  insertVariants,
  putFacts,
  updateListing,
  vanishListings,
} from './store.ts'
import type { Database } from './store-load.ts'
import type {
  CatalogEngine,
  CatalogRows,
  InspectedFile,
  KnownFact,
  Listing,
  Provider,
} from './types.ts'

export interface FileServices {
  /** Adds a GGUF file, on at once. The same weights again are the same listing. */
  addFile(wish: FileWish): Promise<ListingId>
  /** What a file of that name would be called, and whether the name is free. */
  nameWished(wish: string): WishedName
  /**
   * Adds the models of a folder to the practice league; changes nothing when they are there. Tells
   * the engine which files it answers for, these and all others.
   */
  addHouseModels(folder: string): Promise<void>
}

export interface FileWish {
  readonly path: string
  /** As `planFile` reads it; null: the file's own. */
  readonly name: string | null
  /** The hash of the file where it is known: it is not read for it again. */
  readonly sha256?: string
  /** Ends it as long as nothing is written: it then rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

export function fileServices(means: Means): FileServices {
  return {
    addFile: (wish) => addFile(means, wish),
    nameWished: (wish) => nameWished(means.rows(), wish),
    addHouseModels: (folder) => addHouseModels(means, folder),
  }
}

async function addFile(means: Means, wish: FileWish): Promise<ListingId> {
  const engine = engineOf(means)
  if (!isAbsolute(wish.path) || wish.path.includes('\0') || wish.path.length > 4_096) {
    throw refuse('catalog_file_path_invalid', 'Give the absolute path of a GGUF file.', {
      param: 'path',
    })
  }
  const { path, sha256, signal } = wish
  const file = await engine.inspect(path, {
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(signal === undefined ? {} : { signal }),
  })
  const listing = await means.change(async (db, rows) => {
    signal?.throwIfAborted()
    const plan = planFile(rows, file, {
      engine: await ensureEngine(means, db, rows),
      path: wish.path,
      wish: wish.name,
      isThere: existsSync,
      nowMs: means.clock.nowMs(),
      newId,
    })
    await applyFile(means, db, plan)
    await recordProposals(means, db)
    return plan.listing
  })
  await register(engine, listing)
  return listing.id
}

async function addHouseModels(means: Means, folder: string): Promise<void> {
  const engine = engineOf(means)
  const files = await readHouseFiles(means, engine, folder)
  const changes = planHouse(means.rows(), files, {
    engine: engineRow(means.rows()) ?? newEngine(means),
    nowMs: means.clock.nowMs(),
  })
  if (changes.length === 0) return registerFiles(means)
  await means.change(async (db, rows) => {
    // Read again below the lock: another process may have added them a moment ago.
    const row = await ensureEngine(means, db, rows)
    for (const change of planHouse(rows, files, { engine: row, nowMs: means.clock.nowMs() })) {
      await applyFile(means, db, change.plan)
      await putFacts(db, change.cardFacts)
    }
    await recordProposals(means, db)
  })
  await registerFiles(means)
}

/** Tells the engine which files it answers for. */
async function registerFiles(means: Means): Promise<void> {
  const { engine } = means
  if (engine === null) return
  for (const listing of filesOf(means.rows())) await register(engine, listing)
}

/**
 * Tells the engine of the files that were not there before. Only of them: told again of a model
 * that keeps failing, the engine would take that for a new chance.
 */
export async function registerNewFiles(means: Means, before: CatalogRows): Promise<void> {
  const { engine } = means
  if (engine === null) return
  const known = new Map(filesOf(before).map((listing) => [listing.id, listing.filePath]))
  for (const listing of filesOf(means.rows())) {
    if (known.get(listing.id) !== listing.filePath) await register(engine, listing)
  }
}

function filesOf(rows: CatalogRows): Listing[] {
  return rows.listings.filter((each) => each.filePath !== null && each.vanishedAtMs === null)
}

async function register(engine: CatalogEngine, listing: Listing): Promise<void> {
  if (listing.filePath === null) return
  await engine.register({ name: listing.upstreamModel, path: listing.filePath })
}

interface HouseFile {
  readonly path: string
  readonly file: InspectedFile
  readonly named: NamedFile
}

async function readHouseFiles(
  means: Means,
  engine: CatalogEngine,
  folder: string,
): Promise<HouseFile[]> {
  const names = (await readdir(folder).catch(noFolder))
    .filter((name) => name.endsWith('.gguf'))
    .sort()
  const files: HouseFile[] = []
  for (const name of names) {
    const path = join(folder, name)
    const cardPath = path.replace(/\.gguf$/, '.json')
    try {
      const file = await engine.inspect(path)
      const card = await readFile(cardPath, 'utf8').catch(noCard)
      files.push({ path, file, named: readModelCard(name, card) })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      means.log.error({ code: error.code, reason: error.message }, 'a house model is left out')
    }
  }
  return files
}

function noFolder(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}

function noCard(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}

interface HouseChange {
  readonly plan: FilePlan
  readonly cardFacts: readonly KnownFact[]
}

/** What the folder's files change; empty: all are there as they are. */
function planHouse(
  rows: CatalogRows,
  files: readonly HouseFile[],
  context: { readonly engine: Provider; readonly nowMs: number },
): HouseChange[] {
  return files.flatMap(({ path, file, named }): HouseChange[] => {
    const plan = planNamedFile(rows, file, { ...context, path, named, newId })
    if (plan.kind === 'new') return [{ plan, cardFacts: [] }]
    const cardFacts = changedCardFacts(rows, plan.listing, { named, nowMs: context.nowMs })
    const isChanged = plan.isChanged || cardFacts.length > 0
    return isChanged ? [{ plan, cardFacts }] : []
  })
}

/** Facts of a card that say something else than what the card said before. */
function changedCardFacts(
  rows: CatalogRows,
  listing: Listing,
  by: { readonly named: NamedFile; readonly nowMs: number },
): KnownFact[] {
  const variant = rows.variants.find((each) => each.id === listing.variantId)
  if (variant === undefined) return []
  const subject = { kind: 'model', id: variant.modelId } as const
  const source = by.named.factSource
  return knownFacts(subject, by.named.facts, { source, nowMs: by.nowMs }).filter((fact) => {
    const there = rows.facts.find(
      (each) => each.subjectId === fact.subjectId && each.name === fact.name,
    )
    if (there === undefined) return true
    return there.source === source && JSON.stringify(there.value) !== JSON.stringify(fact.value)
  })
}

async function applyFile(means: Means, db: Database, plan: FilePlan): Promise<void> {
  await vanishListings(db, plan.replaced, means.clock.nowMs())
  if (plan.kind === 'known') {
    if (plan.isChanged) await updateListing(db, plan.listing)
    return
  }
  if (plan.model !== null) await insertModels(db, [plan.model])
  await insertVariants(db, [plan.variant])
  await insertListings(db, [plan.listing])
  await putFacts(db, plan.facts)
}

function engineOf(means: Means): CatalogEngine {
  if (means.engine !== null) return means.engine
  throw refuse(
    'catalog_engine_absent',
    'Model files need the engine, which is not there: `baimo doctor` says why.',
  )
}

function engineRow(rows: CatalogRows): Provider | undefined {
  return rows.providers.find((each) => each.kind === 'engine')
}

async function ensureEngine(means: Means, db: Database, rows: CatalogRows): Promise<Provider> {
  const there = engineRow(rows)
  if (there !== undefined) return there
  const engine = newEngine(means)
  await insertProvider(db, engine)
  return engine
}

function newEngine(means: Means): Provider {
  return {
    id: newId() as ProviderId,
    kind: 'engine',
    name: 'engine',
    baseUrl: means.upstream.presetOf('engine').baseUrl ?? 'http://engine.localhost/v1',
    sealedKey: null,
    quirks: null,
    resilience: {},
    createdAtMs: means.clock.nowMs(),
    refreshedAtMs: null,
    removedAtMs: null,
  }
}
