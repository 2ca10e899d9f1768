import { newId, type ProviderId, Refusal } from '../kernel/index.ts'
import { endpointOf } from './endpoint-of.ts'
import { refuse } from './errors.ts'
import { isOnThisMachine } from './is-on-this-machine.ts'
import type { Means } from './means.ts'
import { bareOffer, findOffered, type ImportPlan, planImport } from './plan-import.ts'
import { matchProvider, newName, type ProviderWish, readKey } from './plan-provider.ts'
import { changeSettings, type ResilienceChange } from './resilience.ts'
import { recordProposals } from './service-proposals.ts'
import {
  deleteFacts,
  insertListings,
  insertModels,
  insertProvider,
  insertVariants,
  putFacts,
  returnListings,
  switchListings,
  updateProvider,
  vanishListings,
  vanishProvider,
} from './store.ts'
import type { Database } from './store-load.ts'
import { tellAddress } from './tell-address.ts'
import type { CatalogRows, OfferedModel, Provider, ProviderKind } from './types.ts'

export interface NewProvider {
  readonly kind: ProviderKind | null
  readonly url: string | null
  readonly name: string | null
  /** In the clear. It is sealed before it is kept and never comes back out. */
  readonly key: string | null
  /** Names to switch on at once; null: none. */
  readonly models: readonly string[] | null
}

/** Fields left out stay as they are. */
export interface ProviderChange {
  readonly name?: string | undefined
  /** Where it answers from now on. A kept key is not taken to another server. */
  readonly url?: string | undefined
  /** In the clear; null: it has none from now on. */
  readonly key?: string | null | undefined
  readonly resilience?: ResilienceChange | undefined
}

export interface ProviderServices {
  /** Adds a provider, or takes up the one at this address again; its models are offered. */
  addProvider(wish: NewProvider): Promise<ProviderId>
  /** Reads the upstream's list anew. Switches nothing on. */
  refreshProvider(id: string): Promise<ProviderId>
  /** Another name, another key (refused if the provider refuses it), or settings. */
  changeProvider(id: string, change: ProviderChange): Promise<ProviderId>
  /** Its key is forgotten at once, its listings take no more traffic. */
  removeProvider(id: string): Promise<void>
}

export function providerServices(means: Means): ProviderServices {
  return {
    addProvider: (wish) => addProvider(means, wish),
    refreshProvider: (id) => refreshProvider(means, id),
    changeProvider: (id, change) => changeProvider(means, id, change),
    removeProvider: (id) => removeProvider(means, id),
  }
}

async function addProvider(means: Means, given: NewProvider): Promise<ProviderId> {
  const wish = await decideWish(means, given)
  const made = { id: newId<'provider'>(), nowMs: means.clock.nowMs() }
  const { provider: likely } = matchProvider(means.rows(), wish, made)
  const key = await keyFor(means, likely, given.key)
  const offers = await offersOf(means, likely, { key, asked: given.models })
  const switchOn = findOffered(given.models ?? [], offers)
  return means.change(async (db, rows) => {
    const { provider, isNew } = matchProvider(rows, wish, made)
    const kept: Provider = {
      ...provider,
      refreshedAtMs: made.nowMs,
      sealedKey: await seal(means, provider.id, key),
    }
    if (isNew) await insertProvider(db, kept)
    else await updateProvider(db, kept)
    await importOffers(means, db, { rows, provider: kept, offers, switchOn })
    return kept.id
  })
}

async function refreshProvider(means: Means, id: string): Promise<ProviderId> {
  const provider = findProvider(means.rows(), id)
  refuseBuiltIn(provider)
  const key = await keyFor(means, provider, null)
  const offers = await offersOf(means, provider, { key, asked: null })
  return means.change(async (db, rows) => {
    const kept: Provider = { ...findProvider(rows, id), refreshedAtMs: means.clock.nowMs() }
    await updateProvider(db, kept)
    await importOffers(means, db, { rows, provider: kept, offers, switchOn: new Set() })
    return kept.id
  })
}

async function changeProvider(
  means: Means,
  id: string,
  change: ProviderChange,
): Promise<ProviderId> {
  const before = findProvider(means.rows(), id)
  const { name, key: givenKey, url } = change
  if ([name, givenKey, url].some((given) => given !== undefined)) refuseBuiltIn(before)
  const key =
    givenKey === undefined ? undefined : readKey(givenKey, means.upstream.presetOf(before.kind))
  const move = url === undefined ? null : await planMove(means, before, { url, key })
  if (key !== undefined && move === null) await refuseWrongKey(means, before, key)
  return means.change(async (db, rows) => {
    const provider = findProvider(rows, id)
    const kept: Provider = {
      ...provider,
      name: name === undefined ? provider.name : newName(rows, provider, name),
      sealedKey: key === undefined ? provider.sealedKey : await seal(means, provider.id, key),
      resilience: changeSettings(provider.resilience, change.resilience ?? {}),
      ...(move === null ? {} : { baseUrl: move.baseUrl, refreshedAtMs: means.clock.nowMs() }),
    }
    await updateProvider(db, kept)
    if (move !== null) await applyMove(means, db, { rows, provider: kept, move })
    return provider.id
  })
}

interface Move {
  readonly baseUrl: string
  /** Whether it is another server: what was stated of where the old one stands does not hold. */
  readonly isElsewhere: boolean
  readonly offers: readonly OfferedModel[]
}

/** Asks the new address for its models. A key that is kept was given for the old server alone. */
async function planMove(
  means: Means,
  before: Provider,
  { url, key }: { readonly url: string; readonly key: string | null | undefined },
): Promise<Move> {
  const baseUrl = means.upstream.normaliseBaseUrl(url)
  refuseOffline(means, baseUrl)
  const { marketId } = await whatIsAt(means, baseUrl, before.kind)
  if (marketId !== null && marketId === means.marketId) throw refuseItself()
  const isElsewhere = new URL(baseUrl).origin !== new URL(before.baseUrl).origin
  if (isElsewhere && key === undefined && before.sealedKey !== null) {
    throw refuse(
      'catalog_key_missing',
      'Give the key with the new address: the one that is kept was given for another server.',
      { param: 'key' },
    )
  }
  const own = means.rows().listings.filter(({ providerId }) => providerId === before.id)
  const asked = own.map(({ upstreamModel }) => upstreamModel)
  const used = key === undefined ? await keyFor(means, before, null) : key
  const offers = await offersOf(means, { ...before, baseUrl }, { key: used, asked })
  return { baseUrl, isElsewhere, offers }
}

async function applyMove(
  means: Means,
  db: Database,
  what: { readonly rows: CatalogRows; readonly provider: Provider; readonly move: Move },
): Promise<void> {
  const { rows, provider, move } = what
  const own = rows.listings.filter(({ providerId }) => providerId === provider.id)
  for (const { id } of move.isElsewhere ? own : [])
    await deleteFacts(db, { kind: 'listing', id }, FACTS_OF_PLACE)
  await importOffers(means, db, {
    rows,
    provider,
    offers: move.offers,
    switchOn: new Set(),
  })
}

const FACTS_OF_PLACE = ['place', 'law', 'retention_days', 'training_use']

/** A provider that is away cannot say whether a key is good: then it is taken at the word. */
async function refuseWrongKey(means: Means, provider: Provider, key: string | null): Promise<void> {
  if (means.isOffline && !isOnThisMachine(provider.baseUrl)) return
  try {
    await means.upstream.listModels(endpointOf(means.upstream, provider, key))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (error.code === 'providers_key_refused') throw tellAddress(error, provider.baseUrl)
  }
}

function seal(means: Means, id: ProviderId, key: string | null): Promise<string> | string | null {
  return key === null ? null : means.secrets.seal(key, { table: 'providers', rowId: id })
}

function removeProvider(means: Means, id: string): Promise<void> {
  return means.change(async (db, rows) => {
    const provider = findProvider(rows, id)
    refuseBuiltIn(provider)
    const nowMs = means.clock.nowMs()
    await updateProvider(db, { ...provider, sealedKey: null, removedAtMs: nowMs })
    await vanishProvider(db, provider.id, nowMs)
  })
}

/** Kind and address, each from the other where one is missing. */
async function decideWish(means: Means, given: NewProvider): Promise<ProviderWish> {
  const { upstream } = means
  if (given.kind === 'engine') refuseEngine()
  if (given.url !== null) {
    const baseUrl = upstream.normaliseBaseUrl(given.url)
    refuseOffline(means, baseUrl)
    const { kind, marketId } = await whatIsAt(means, baseUrl, given.kind)
    if (marketId !== null && marketId === means.marketId) throw refuseItself()
    return { kind, baseUrl, name: given.name }
  }
  if (given.kind === null) {
    throw refuse(
      'catalog_provider_incomplete',
      'Give a kind of provider, such as openai, or an address, such as http://localhost:11434.',
    )
  }
  const { baseUrl, title } = upstream.presetOf(given.kind)
  if (baseUrl === null) {
    throw refuse('catalog_provider_incomplete', `Give the address of ${title}.`, { param: 'url' })
  }
  refuseOffline(means, baseUrl)
  return { kind: given.kind, baseUrl, name: given.name }
}

/** What answers at an address. Whatever it is said to be, it may be a market, even this one. */
async function whatIsAt(
  { upstream }: Means,
  baseUrl: string,
  kind: ProviderKind | null,
): Promise<{ readonly kind: ProviderKind; readonly marketId: string | null }> {
  if (kind === null) return upstream.identifyServer(baseUrl)
  return { kind, marketId: await upstream.marketAt(baseUrl) }
}

function refuseItself(): Error {
  return refuse(
    'catalog_provider_itself',
    'This address leads back to this market, so its requests would go in a circle: give another.',
    { param: 'url' },
  )
}

/** The given key, else the one that is kept, in the clear. */
async function keyFor(
  means: Means,
  provider: Provider,
  given: string | null,
): Promise<string | null> {
  const preset = means.upstream.presetOf(provider.kind)
  if (given !== null || provider.sealedKey === null) return readKey(given, preset)
  return means.secrets.open(provider.sealedKey, { table: 'providers', rowId: provider.id })
}

/**
 * What the upstream lists. Some servers have no list at all: then the names that were asked for
 * are taken at the operator's word.
 */
async function offersOf(
  means: Means,
  provider: Provider,
  by: { readonly key: string | null; readonly asked: readonly string[] | null },
): Promise<readonly OfferedModel[]> {
  refuseOffline(means, provider.baseUrl)
  try {
    return await means.upstream.listModels(endpointOf(means.upstream, provider, by.key))
  } catch (error) {
    const hasNoList = error instanceof Refusal && error.code === 'providers_bad_response'
    if (!hasNoList || by.asked === null || by.asked.length === 0)
      throw tellAddress(error, provider.baseUrl)
    return by.asked.map(bareOffer)
  }
}

interface Import {
  readonly rows: CatalogRows
  readonly provider: Provider
  readonly offers: readonly OfferedModel[]
  readonly switchOn: ReadonlySet<string>
}

async function importOffers(means: Means, db: Database, what: Import): Promise<void> {
  const nowMs = means.clock.nowMs()
  const plan = planImport(what.rows, what.offers, {
    provider: what.provider,
    publisher: means.upstream.presetOf(what.provider.kind).publisher,
    isOnThisMachine: isOnThisMachine(what.provider.baseUrl),
    switchOn: what.switchOn,
    nowMs,
    newId,
  })
  await applyImport(db, plan, nowMs)
  await recordProposals(means, db)
}

async function applyImport(db: Database, plan: ImportPlan, nowMs: number): Promise<void> {
  await insertModels(db, plan.models)
  await insertVariants(db, plan.variants)
  await insertListings(db, plan.listings)
  await putFacts(db, plan.facts)
  await vanishListings(db, plan.vanished, nowMs)
  await returnListings(db, plan.returned)
  await switchListings(db, plan.switchedOn, { isOn: true, atMs: nowMs })
}

function findProvider(rows: CatalogRows, id: string): Provider {
  const provider = rows.providers.find((each) => each.id === id && each.removedAtMs === null)
  if (provider !== undefined) return provider
  throw refuse('catalog_provider_unknown', 'No provider has that id: list them first.', {
    param: 'id',
  })
}

function refuseBuiltIn(provider: Provider): void {
  if (provider.kind === 'engine') refuseEngine()
}

function refuseEngine(): never {
  throw refuse(
    'catalog_provider_built_in',
    'The engine is a part of Baimo: add model files to it by their path.',
    { param: 'kind' },
  )
}

function refuseOffline(means: Means, baseUrl: string): void {
  if (!means.isOffline || isOnThisMachine(baseUrl)) return
  throw refuse(
    'catalog_offline',
    'Baimo runs offline (BAIMO_OFFLINE) and asks only this machine for models.',
    { param: 'url' },
  )
}
