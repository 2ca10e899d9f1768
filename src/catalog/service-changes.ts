import { isUuid, type ListingId, type ModelId, newId } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import type { Means } from './means.ts'
import { fullName, type ModelName, nameKey, namePart } from './name-upstream-model.ts'
import { knownFacts, takenNames } from './plan-import.ts'
import { type FactChange, readFacts } from './read-facts.ts'
import { refuseResolution } from './refuse-resolution.ts'
import { changeSettings, type ResilienceChange } from './resilience.ts'
import {
  deleteAlias,
  deleteFacts,
  deleteFormerName,
  insertFormerName,
  putAlias,
  putFacts,
  updateListing,
  updateModel,
} from './store.ts'
import type { Database } from './store-load.ts'
import {
  type Alias,
  type Capability,
  type CatalogRows,
  LISTING_FACTS,
  MODEL_FACTS,
  type Model,
} from './types.ts'

/** Fields left out stay as they are; null makes a value unknown. */
export interface ModelChange {
  readonly publisher?: string | undefined
  readonly name?: string | undefined
  readonly family?: string | null | undefined
  /** Names of models. */
  readonly succeeds?: string | null | undefined
  readonly derivedFrom?: string | null | undefined
  readonly capabilities?: readonly Capability[] | null | undefined
  readonly facts?: Readonly<Record<string, unknown>> | undefined
  /** Ids of its listings, the first to be asked first; the others come after them. */
  readonly listingOrder?: readonly string[] | undefined
}

export interface ListingChange {
  readonly isOn?: boolean | undefined
  readonly facts?: Readonly<Record<string, unknown>> | undefined
  readonly resilience?: ResilienceChange | undefined
}

export interface ChangeServices {
  changeModel(id: ModelId, change: ModelChange): Promise<void>
  changeListing(id: string, change: ListingChange): Promise<void>
  /** Makes a name of the owner's lead to a model or a listing, on or off. */
  setAlias(alias: string, target: string): Promise<Alias>
  removeAlias(alias: string): Promise<void>
}

export function changeServices(means: Means): ChangeServices {
  return {
    changeModel: (id, change) =>
      means.change(async (db, rows) => {
        const model = findModel(rows, id)
        await updateModel(db, await changedModel(db, rows, { model, change, means }))
        const facts = readFacts(change.facts ?? {}, MODEL_FACTS)
        await saveFacts(means, db, { subject: { kind: 'model', id }, facts })
        if (change.listingOrder !== undefined)
          await orderListings(db, rows, { model, order: change.listingOrder })
      }),
    changeListing: (id, change) => changeListing(means, id, change),
    setAlias: (alias, target) => setAlias(means, alias, target),
    removeAlias: (alias) =>
      means.change(async (db, rows) => {
        if (!rows.aliases.some((each) => nameKey(each.alias) === nameKey(alias))) {
          throw refuse('catalog_alias_unknown', 'There is no alias of that name: list them first.')
        }
        await deleteAlias(db, alias)
      }),
  }
}

async function changedModel(
  db: Database,
  rows: CatalogRows,
  what: { readonly model: Model; readonly change: ModelChange; readonly means: Means },
): Promise<Model> {
  const { model, change, means } = what
  const name: ModelName = {
    publisher: checkedPart(change.publisher, 'publisher') ?? model.publisher,
    name: checkedPart(change.name, 'name') ?? model.name,
  }
  if (fullName(name) !== fullName(model)) await rename(db, rows, { model, name, means })
  return {
    ...model,
    ...name,
    family: change.family === undefined ? model.family : change.family,
    succeedsId:
      change.succeeds === undefined ? model.succeedsId : idOf(means, model, change.succeeds),
    derivedFromId:
      change.derivedFrom === undefined
        ? model.derivedFromId
        : idOf(means, model, change.derivedFrom),
    capabilities: change.capabilities === undefined ? model.capabilities : change.capabilities,
  }
}

/** Keeps the old name answering. A model may take back a name that it had. */
async function rename(
  db: Database,
  rows: CatalogRows,
  what: { readonly model: Model; readonly name: ModelName; readonly means: Means },
): Promise<void> {
  const { model, name, means } = what
  const key = nameKey(fullName(name))
  const own = rows.formerNames.filter((each) => each.modelId === model.id)
  const back = own.find((each) => nameKey(fullName(each)) === key)
  const isOwn = back !== undefined || nameKey(fullName(model)) === key
  // An alias comes first: it would hide the model even under a name that was its own.
  const isAlias = rows.aliases.some((each) => nameKey(each.alias) === key)
  if (isAlias || (!isOwn && takenNames(rows).has(key))) {
    const owner = isAlias ? 'An alias is' : 'Another model is or was'
    throw refuse('catalog_name_taken', `${owner} called ${fullName(name)}.`, { param: 'name' })
  }
  if (back !== undefined) await deleteFormerName(db, back.id)
  if (nameKey(fullName(model)) === key) return
  await insertFormerName(db, {
    id: newId(),
    publisher: model.publisher,
    name: model.name,
    modelId: model.id,
    createdAtMs: means.clock.nowMs(),
  })
}

/** Positions of a model's listings; what is not named has none. On or off makes no difference. */
async function orderListings(
  db: Database,
  rows: CatalogRows,
  { model, order }: { readonly model: Model; readonly order: readonly string[] },
): Promise<void> {
  const variants = rows.variants.filter(({ modelId }) => modelId === model.id)
  const ids = new Set(variants.map(({ id }) => id))
  const listings = rows.listings.filter(({ variantId }) => ids.has(variantId))
  const wanted = [...new Set(order.map((id) => id.toLowerCase()))]
  if (wanted.some((id) => !listings.some((each) => each.id === id))) {
    throw refuse(
      'catalog_listing_unknown',
      `An id in the order is of no listing of ${fullName(model)}: look at the model first.`,
      { param: 'listing_order' },
    )
  }
  for (const listing of listings) {
    const at = wanted.indexOf(listing.id)
    const position = at === -1 ? null : at + 1
    if (position !== listing.position) await updateListing(db, { ...listing, position })
  }
}

function checkedPart(text: string | undefined, param: string): string | undefined {
  if (text === undefined || namePart(text) === text) return text
  throw refuse(
    'catalog_name_invalid',
    'A name has letters, digits and . _ : @ + -, and begins with a letter or digit.',
    { param },
  )
}

function idOf(means: Means, model: Model, name: string | null): ModelId | null {
  if (name === null) return null
  const found = means.snapshot().resolve(name, null)
  const target = means.rows().models.find((each) => {
    if (found.kind === 'listing') return each.id === found.listing.modelId
    return found.kind === 'no-live-listing' && fullName(each) === found.modelName
  })
  if (target === undefined) throw refuseResolution(name, found)
  if (target.id !== model.id) return target.id
  throw refuse('catalog_name_invalid', 'A model neither succeeds itself nor comes from itself.')
}

function changeListing(means: Means, id: string, change: ListingChange): Promise<void> {
  return means.change(async (db, rows) => {
    const listing = rows.listings.find((each) => each.id === id)
    if (listing === undefined) {
      throw refuse('catalog_listing_unknown', 'No listing has that id: list them first.')
    }
    if (change.isOn === true && listing.vanishedAtMs !== null) {
      throw refuse(
        'catalog_listing_vanished',
        'Its provider no longer offers this model: refresh the provider, or leave it off.',
        { param: 'is_on' },
      )
    }
    const isOn = change.isOn ?? listing.isOn
    await updateListing(db, {
      ...listing,
      isOn,
      switchedAtMs: isOn === listing.isOn ? listing.switchedAtMs : means.clock.nowMs(),
      resilience: changeSettings(listing.resilience, change.resilience ?? {}),
    })
    const facts = readFacts(change.facts ?? {}, LISTING_FACTS)
    await saveFacts(means, db, { subject: { kind: 'listing', id: listing.id }, facts })
  })
}

async function saveFacts(
  means: Means,
  db: Database,
  what: {
    readonly subject:
      | { readonly kind: 'model'; readonly id: ModelId }
      | { readonly kind: 'listing'; readonly id: ListingId }
    readonly facts: readonly FactChange[]
  },
): Promise<void> {
  const nowMs = means.clock.nowMs()
  for (const { name, value, source } of what.facts) {
    if (source === null) await deleteFacts(db, what.subject, [name])
    else await putFacts(db, knownFacts(what.subject, { [name]: value }, { source, nowMs }))
  }
}

const ALIAS = /^[A-Za-z0-9][A-Za-z0-9._:@+/-]{0,127}$/

async function setAlias(means: Means, alias: string, target: string): Promise<Alias> {
  if (!ALIAS.test(alias) || isUuid(alias) || /^auto(:|$)/i.test(alias)) {
    throw refuse(
      'catalog_name_invalid',
      'An alias has letters, digits and . _ : @ + - /, and is neither an id nor auto.',
      { param: 'alias' },
    )
  }
  return means.change(async (db, rows) => {
    if (rows.models.some((model) => nameKey(fullName(model)) === nameKey(alias))) {
      throw refuse('catalog_name_taken', `A model is called ${alias}: choose another alias.`, {
        param: 'alias',
      })
    }
    const made: Alias = {
      alias,
      target: aliasTarget(means, rows, target),
      createdAtMs: means.clock.nowMs(),
    }
    await putAlias(db, made)
    return made
  })
}

function aliasTarget(means: Means, rows: CatalogRows, target: string): Alias['target'] {
  const listing = rows.listings.find((each) => each.id === target.toLowerCase())
  if (listing !== undefined) return { kind: 'listing', id: listing.id }
  const found = means.snapshot().resolve(target, null)
  if (found.kind === 'listing') {
    const isExact = found.how === 'alias' && aliasedListing(rows, target)
    if (isExact) return { kind: 'listing', id: found.listing.listingId }
    return { kind: 'model', id: found.listing.modelId }
  }
  const model =
    found.kind === 'no-live-listing'
      ? rows.models.find((each) => fullName(each) === found.modelName)
      : undefined
  if (model !== undefined) return { kind: 'model', id: model.id }
  throw refuseResolution(target, found, 'target')
}

/** Whether an alias leads to one listing: then an alias of it does so, too. */
function aliasedListing(rows: CatalogRows, alias: string): boolean {
  const row = rows.aliases.find((each) => nameKey(each.alias) === nameKey(alias))
  return row?.target.kind === 'listing'
}

function findModel(rows: CatalogRows, id: ModelId): Model {
  const model = rows.models.find((each) => each.id === id)
  if (model !== undefined) return model
  throw refuse('catalog_model_unknown', 'No model has that name: list them first.')
}
