import { assert, type Clock, formatPico, type Log, systemClock } from '../kernel/index.ts'
import type { Store } from '../store/index.ts'
import { compileRates, type RateTable } from './convert.ts'
import { costOf, NO_PRICE } from './cost-of.ts'
import type { ShippedData } from './load-data.ts'
import { openPriceData } from './price-data.ts'
import { buildSchedule, type InForce, inForce, type Schedule } from './schedule.ts'
import { type AdminMeans, type PricingAdmin, pricingAdmin } from './service-admin.ts'
import { loadPricing, loadRevision, type PricingRows, raiseRevision } from './store.ts'
import type { Converted, Cost, PricedListing, Tokens, UnknownCost } from './types.ts'
import { typicalCostBy } from './typical-cost.ts'

/** When a request began, and how long it was computed; null: nobody measured it. */
export interface CostTime {
  readonly atMs: number
  readonly computeMs: number | null
}

export interface Pricing extends PricingAdmin {
  /** What a request cost, by the price that held when it began. At once, from memory. */
  costOf(listing: PricedListing, tokens: Tokens, time: CostTime): Cost | UnknownCost
  /** What holds for a listing at a time; null: nothing is known. */
  priceAt(listing: PricedListing, atMs: number): InForce | null
  /**
   * What a typical request costs there, in the owner's currency: 1,000 tokens in, 500 out, nothing
   * cached. Null where the price, or a rate to the owner's currency, is not known, or the price is
   * for time. Comparable between all listings.
   */
  typicalCost(listing: PricedListing, atMs: number): Converted | null
  convert: RateTable['convert']
  /** An amount in dollars as decimal text; null while no rate is known. */
  inUsd(cost: Cost, atMs: number): string | null
  /** What amounts of several currencies are shown in. */
  readonly currency: string
  /** Reads what ships, so that no request waits for it. */
  warm(): void
  /** Reads the database anew where another process changed it. */
  reloadIfChanged(): Promise<void>
  /**
   * Does so whenever another process tells of a change, until it is stopped; every `intervalMs`
   * while nothing is heard of others.
   */
  watch(intervalMs: number): () => Promise<void>
}

export interface PricingOptions {
  readonly store: Store
  readonly log: Log
  /** Absent: the machine's. */
  readonly clock?: Clock
  /** What ships with the program, read when it is first needed. */
  readonly loadData: () => ShippedData
  /** Models that were merged into others, each with what it became. */
  readonly mergedInto: () => ReadonlyMap<string, string>
}

interface State {
  readonly rows: PricingRows
  /** By listing, until the catalog or a price changes. */
  readonly schedules: Map<string, { listing: PricedListing; schedule: Schedule }>
  rates: RateTable | null
}

/** Prices over a store. Resolves once the owner's are read; the others follow when first needed. */
export async function openPricing(options: PricingOptions): Promise<Pricing> {
  const { store, log, clock = systemClock } = options
  const load = loaderOf(store, log)
  let state = newState(await load())
  let shipped: ShippedData | null = null

  function data(): ShippedData {
    shipped ??= loadOrNothing(options.loadData, log)
    return shipped
  }

  function scheduleOf(listing: PricedListing): Schedule {
    const known = state.schedules.get(listing.listingId)
    if (known !== undefined && isSame(known.listing, listing)) return known.schedule
    const schedule = buildSchedule(listing, state.rows.prices, {
      listed: data().prices.versionsFor(listing),
      modelIds: mergedWith(listing.modelId, options.mergedInto()),
    })
    state.schedules.set(listing.listingId, { listing, schedule })
    return schedule
  }

  function rates(): RateTable {
    state.rates ??= compileRates([state.rows.rates, data().rates])
    return state.rates
  }

  async function reload(): Promise<void> {
    const rows = await load()
    // Two reloads may overlap: the later state stays.
    if (rows.revision >= state.rows.revision) state = newState(rows)
  }

  const priceAt = (listing: PricedListing, atMs: number): InForce | null =>
    inForce(scheduleOf(listing), atMs)
  const convert: RateTable['convert'] = (amount, to, atMs) => rates().convert(amount, to, atMs)
  const reloadIfChanged = async (): Promise<void> => {
    if ((await loadRevision(store.db)) !== state.rows.revision) await reload()
  }
  const change: AdminMeans['change'] = async (currency, work) => {
    await commitChange(store, currency, work)
    await reload()
  }
  const rows = (): PricingRows => state.rows
  return {
    ...pricingAdmin({ clock, rows, rates: () => rates().all, scheduleOf, change }),
    costOf(listing, tokens, time) {
      const found = priceAt(listing, time.atMs)
      return found === null ? NO_PRICE : costOf(found.price, tokens, time)
    },
    priceAt,
    typicalCost(listing, atMs) {
      const found = priceAt(listing, atMs)
      const cost = found === null ? null : typicalCostBy(found.price, atMs)
      return cost === null ? null : convert(cost, state.rows.currency, atMs)
    },
    convert,
    inUsd: (cost, atMs) => {
      const inDollars = convert(cost, 'USD', atMs)
      return inDollars === null ? null : formatPico(inDollars.amountPico)
    },
    get currency() {
      return state.rows.currency
    },
    warm: () => void data(),
    reloadIfChanged,
    watch: (intervalMs) => watch({ store, log, intervalMs, look: reloadIfChanged }),
  }
}

function commitChange(
  store: Store,
  currency: string | undefined,
  work: Parameters<AdminMeans['change']>[1],
): Promise<void> {
  return store.transaction(async (db) => {
    const revision = await raiseRevision(db, currency)
    await store.changes.announce(db, 'prices', String(revision))
    await work(db, revision)
  })
}

function newState(rows: PricingRows): State {
  return { rows, schedules: new Map(), rates: null }
}

/** Says once of each price that only a newer version can read that it is unknown here. */
function loaderOf(store: Store, log: Log): () => Promise<PricingRows> {
  const told = new Set<string>()
  return async () => {
    const rows = await loadPricing(store.db)
    for (const { id, terms } of rows.prices) {
      if (terms.kind !== 'unreadable' || told.has(id)) continue
      told.add(id)
      log.warn({ price: id }, 'a newer version set this price: it is unknown to this one')
    }
    return rows
  }
}

/** Files that ship are held to their form by a test. Of a broken one nothing is known. */
function loadOrNothing(load: () => ShippedData, log: Log): ShippedData {
  try {
    return load()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    log.error({ reason }, 'published prices cannot be read: only the owner’s hold')
    return { prices: openPriceData([], null), rates: [] }
  }
}

/** Whether what prices are found by is the same: the catalog gives new objects for old listings. */
function isSame(a: PricedListing, b: PricedListing): boolean {
  return (
    a === b ||
    (a.modelId === b.modelId &&
      a.upstreamModel === b.upstreamModel &&
      a.baseUrl === b.baseUrl &&
      a.isHere === b.isHere &&
      a.providerId === b.providerId)
  )
}

/** A model, and all that became it. */
function mergedWith(modelId: string, mergedInto: ReadonlyMap<string, string>): Set<string> {
  const found = new Set([modelId])
  for (const [from] of mergedInto) {
    const chain: string[] = []
    let at: string | undefined = from
    while (at !== undefined && !chain.includes(at)) {
      chain.push(at)
      at = mergedInto.get(at)
    }
    if (chain.at(-1) === modelId) for (const each of chain) found.add(each)
  }
  return found
}

/** A process of an earlier version changes nothing of this, so news and gaps are enough. */
function watch(options: {
  readonly store: Store
  readonly log: Log
  readonly intervalMs: number
  readonly look: () => Promise<void>
}): () => Promise<void> {
  const { store, log, intervalMs } = options
  let isFailing = false
  let running: Promise<void> | null = null
  let isAsked = false
  const look = async (): Promise<void> => {
    while (isAsked) {
      isAsked = false
      try {
        await options.look()
        isFailing = false
      } catch (error) {
        if (!isFailing) log.warn({ reason: String(error) }, 'changes of prices are not seen')
        isFailing = true
      }
    }
    running = null
  }
  const ask = (): void => {
    isAsked = true
    running ??= look()
  }
  const stopListening = store.changes.listen('prices', { onChange: ask, onGap: ask })
  const timer = setInterval(() => {
    if (isFailing || !store.changes.isHearing) ask()
  }, intervalMs).unref()
  ask()
  return async () => {
    stopListening()
    clearInterval(timer)
    await running
    assert(running === null, 'pricing: no look is left running')
  }
}
