import type { ListingId, ModelId, VariantId } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import { capabilitiesOfFile } from './infer-capabilities.ts'
import { fileNamePart, fullName, type ModelName, nameKey, namePart } from './name-upstream-model.ts'
import { knownFacts, takenNames } from './plan-import.ts'
import type {
  CatalogRows,
  FactName,
  InspectedFile,
  KnownFact,
  League,
  Listing,
  Model,
  Provider,
  Variant,
} from './types.ts'

/** What a model file changes in the catalog. */
export type FilePlan =
  /** These very weights are there already: the listing as it is to be from now on. */
  | {
      readonly kind: 'known'
      readonly listing: Listing
      readonly isChanged: boolean
      readonly replaced: readonly ListingId[]
    }
  | {
      readonly kind: 'new'
      /** Null: a new variant of a model that is there. */
      readonly model: Model | null
      readonly variant: Variant
      readonly listing: Listing
      readonly facts: readonly KnownFact[]
      /** Listings of the same name with other weights, which it replaces. */
      readonly replaced: readonly ListingId[]
    }

export interface FileContext {
  readonly engine: Provider
  readonly path: string
  readonly nowMs: number
  readonly newId: () => string
}

/** A file that is to be one model by its name, whatever its weights: a house model. */
export interface NamedFile {
  readonly name: ModelName
  readonly family: string | null
  readonly league: League
  /** Facts of its card beside those of the file; they come first. */
  readonly facts: Partial<Record<FactName, unknown>>
  readonly factSource: string
}

const FILE_SOURCE = 'the model file'

type KnownFile = Extract<FilePlan, { readonly kind: 'known' }>

export interface WishedFile extends FileContext {
  /** The operator's name, `publisher/name` or `name` (publisher `local`); null: the file's own. */
  readonly wish: string | null
  /** Whether a file is at a path now. */
  readonly isThere: (path: string) => boolean
}

/**
 * The changes that a file makes, on at once. Weights that are there already, by their hash, stay
 * one listing under their one name; it moves to the new path only when the old one is gone, as
 * the copy may be somebody's to delete. Throws `catalog_name_taken` where a wished name has other
 * weights, `catalog_file_known` where the weights have another name.
 */
export function planFile(rows: CatalogRows, file: InspectedFile, context: WishedFile): FilePlan {
  const known = findKnown(rows, file, { ...context, turnsOn: true })
  if (known !== null) return keepPlace(rows, demandName(known, context.wish), context)
  const name = chooseName(rows, file, context)
  const model = freshModel(name, file, { family: null, league: 'models' }, context)
  return planNew({ model, isNewModel: true, file, replaced: [], cardFacts: [] }, context)
}

function demandName(known: KnownFile, wish: string | null): KnownFile {
  const name = known.listing.upstreamModel
  if (wish === null || nameKey(fullName(readWish(wish))) === nameKey(name)) return known
  throw refuse(
    'catalog_file_known',
    `These weights are ${name} already: add the file without a name, or give ${name} an alias.`,
    { param: 'name' },
  )
}

function keepPlace(rows: CatalogRows, known: KnownFile, context: WishedFile): KnownFile {
  const before = rows.listings.find(({ id }) => id === known.listing.id)
  const path = before?.filePath ?? null
  if (before === undefined || path === null || !context.isThere(path)) return known
  const isChanged = before.isOn !== known.listing.isOn || before.vanishedAtMs !== null
  return { ...known, listing: { ...known.listing, filePath: path }, isChanged }
}

/**
 * The changes that a house model's file makes. Other weights under the same name are a new variant
 * of the same model and take the place of the old one's listing.
 */
export function planNamedFile(
  rows: CatalogRows,
  file: InspectedFile,
  context: FileContext & { readonly named: NamedFile },
): FilePlan {
  const known = findKnown(rows, file, { ...context, turnsOn: false })
  if (known !== null) return known
  const { named } = context
  const key = nameKey(fullName(named.name))
  const there = rows.models.find((model) => nameKey(fullName(model)) === key)
  const model = there ?? freshModel(named.name, file, named, context)
  const cardFacts = knownFacts({ kind: 'model', id: model.id }, named.facts, {
    source: named.factSource,
    nowMs: context.nowMs,
  })
  const replaced = sameName(rows, context, fullName(model))
  return planNew(
    {
      model,
      isNewModel: there === undefined,
      file,
      replaced,
      cardFacts,
    },
    context,
  )
}

/** `turnsOn`: whether a listing that the operator switched off is to be on again. */
function findKnown(
  rows: CatalogRows,
  file: InspectedFile,
  context: FileContext & { readonly turnsOn: boolean },
): KnownFile | null {
  const variant = rows.variants.find((each) => each.weightsSha256 === file.sha256)
  const there = rows.listings.find(
    (each) => each.variantId === variant?.id && each.providerId === context.engine.id,
  )
  if (there === undefined) return null
  const isOn = there.isOn || context.turnsOn || there.vanishedAtMs !== null
  const listing: Listing = {
    ...there,
    filePath: context.path,
    isOn,
    switchedAtMs: isOn === there.isOn ? there.switchedAtMs : context.nowMs,
    vanishedAtMs: null,
  }
  const isChanged =
    there.filePath !== listing.filePath || there.isOn !== isOn || there.vanishedAtMs !== null
  return {
    kind: 'known',
    listing,
    isChanged,
    replaced: sameName(rows, context, listing.upstreamModel).filter((id) => id !== listing.id),
  }
}

/** The engine's listings of a name that are there now. */
function sameName(rows: CatalogRows, context: FileContext, name: string): ListingId[] {
  return rows.listings
    .filter(
      (each) =>
        each.providerId === context.engine.id &&
        each.vanishedAtMs === null &&
        nameKey(each.upstreamModel) === nameKey(name),
    )
    .map(({ id }) => id)
}

interface NewFile {
  readonly model: Model
  readonly isNewModel: boolean
  readonly file: InspectedFile
  readonly replaced: readonly ListingId[]
  readonly cardFacts: readonly KnownFact[]
}

function planNew(made: NewFile, context: FileContext): FilePlan {
  const { model, file } = made
  const variant: Variant = {
    id: context.newId() as VariantId,
    modelId: model.id,
    weightsSha256: file.sha256,
    quantisation: file.quantisation,
    upstreamModel: null,
    firstSeenAtMs: context.nowMs,
  }
  const listing: Listing = {
    id: context.newId() as ListingId,
    variantId: variant.id,
    providerId: context.engine.id,
    upstreamModel: fullName(model),
    filePath: context.path,
    isOn: true,
    position: null,
    resilience: {},
    offeredAtMs: context.nowMs,
    switchedAtMs: context.nowMs,
    vanishedAtMs: null,
  }
  const stated = new Set(made.cardFacts.map((fact) => fact.name))
  const told = fileFacts(file, model.id, context.nowMs).filter((fact) => !stated.has(fact.name))
  return {
    kind: 'new',
    model: made.isNewModel ? model : null,
    variant,
    listing,
    facts: [...made.cardFacts, ...told, ...engineFacts(listing.id, context.nowMs)],
    replaced: made.replaced,
  }
}

function fileFacts(file: InspectedFile, modelId: ModelId, nowMs: number): KnownFact[] {
  const told: Partial<Record<FactName, unknown>> = {
    licence: file.licence,
    parameters_total: file.parameterCount,
    parameters_active: file.activeParameterCount,
    context_tokens: file.contextTokens,
  }
  return knownFacts({ kind: 'model', id: modelId }, told, { source: FILE_SOURCE, nowMs })
}

/** The engine is a part of Baimo, so what it does with a request is known. */
function engineFacts(id: ListingId, nowMs: number): KnownFact[] {
  const told = { place: 'this-machine', retention_days: 0, training_use: 'never' } as const
  return knownFacts({ kind: 'listing', id }, told, { source: 'Baimo’s own engine', nowMs })
}

function freshModel(
  name: ModelName,
  file: InspectedFile,
  kind: { readonly family: string | null; readonly league: League },
  context: FileContext,
): Model {
  return {
    ...name,
    id: context.newId() as ModelId,
    family: kind.family,
    succeedsId: null,
    derivedFromId: null,
    capabilities: capabilitiesOfFile(file),
    league: kind.league,
    mergedIntoId: null,
    createdAtMs: context.nowMs,
  }
}

function chooseName(
  rows: CatalogRows,
  file: InspectedFile,
  context: FileContext & { readonly wish: string | null },
): ModelName {
  const taken = takenNames(rows)
  const isFree = (name: ModelName): boolean => !taken.has(nameKey(fullName(name)))
  if (context.wish !== null) {
    const wished = readWish(context.wish)
    if (isFree(wished)) return wished
    throw refuse(
      'catalog_name_taken',
      `Another model is called ${fullName(wished)}: give the file another name.`,
      { param: 'name' },
    )
  }
  const name = fileNamePart(file.name ?? context.path)
  const packed = `${name}-${namePart((file.quantisation ?? 'file').toLowerCase())}`
  const numbered = Array.from({ length: taken.size + 1 }, (_, i) => `${packed}-${i + 2}`)
  const free = [name, packed, ...numbered]
    .map((each) => ({ publisher: 'local', name: each }))
    .find(isFree)
  return free ?? { publisher: 'local', name: packed }
}

/** What a file would be called. */
export interface WishedName {
  /** As it would stand in the catalog. */
  readonly name: string
  /** Whether no model, former name or alias is called that. */
  readonly isFree: boolean
}

/** What becomes of a wished name, by the rules of `planFile`, before there is a file. */
export function nameWished(rows: CatalogRows, wish: string): WishedName {
  const name = fullName(readWish(wish))
  return { name, isFree: !takenNames(rows).has(nameKey(name)) }
}

function readWish(wish: string): ModelName {
  const [publisher, ...rest] = wish.split('/')
  const name = rest.join('/')
  return rest.length === 0
    ? { publisher: 'local', name: namePart(wish) }
    : { publisher: namePart(publisher ?? ''), name: namePart(name) }
}
