import { AsyncLocalStorage } from 'node:async_hooks'
import { readFileSync } from 'node:fs'
import { type Arena, DEFAULT_ARENA, openArena } from '../arena/index.ts'
import { type BoardModel, type Boards, openBoards, readPairVotes } from '../boards/index.ts'
import { type Catalog, type LiveListing, type OfferedModel, openCatalog } from '../catalog/index.ts'
import type { Asking, AskWish } from '../gateway/index.ts'
import { assert, type Log, type ModelId, systemClock as machine, newId } from '../kernel/index.ts'
import { revealUsage } from '../metering/index.ts'
import { openPeople, type Principal } from '../people/index.ts'
import { openPricing, type Pricing, pricedListing } from '../pricing/index.ts'
import { normaliseBaseUrl, presetOf } from '../providers/index.ts'
import {
  openRetirements,
  openRouting,
  openRules,
  type Retirements,
  type Routing,
} from '../routing/index.ts'
import { openHome, openSecrets, openStore, type Store } from '../store/index.ts'
import type { Numbers } from './draw-numbers.ts'
import type { WorldModel } from './types.ts'
import { openWorldClock, type WorldClock } from './world-clock.ts'

/** The first day, a Monday. */
export const FIRST_DAY_MS = Date.UTC(2026, 0, 5)
const BASE_URL = 'http://sim.invalid/v1'
const PICO = 1e12
/** What every answer says: what it is worth only the world knows. */
const ANSWER = 'This is what can be said about it, in short, and as well as it can be said here.'
/** Boards are rated when they are asked for: nobody watches in between. */
const TIMING = {
  lookMs: 600_000,
  lockMs: 1_000,
  plan: { debounceMs: 0, settleMs: 0, settleMostMs: 0 },
}

export interface SimMarketOptions {
  /** A folder of its own, which the caller removes. */
  readonly home: string
  /** The file that rates boards in a thread. */
  readonly workerPath: string
  readonly log: Log
}

/** The real parts of a market on a database of its own; clock and lots come from outside. */
export interface SimMarket {
  readonly clock: WorldClock
  readonly arena: Arena
  readonly boards: Boards
  readonly routing: Routing
  readonly retirements: Retirements
  readonly owner: Principal
  /** Somebody who may ask and vote. */
  makePerson(): Principal
  /** Puts a model on the market, with its price. */
  addModel(model: WorldModel): Promise<ModelId>
  /** Runs something whose lots are drawn from these numbers, whatever else runs beside it. */
  drawing<T>(numbers: Numbers, work: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

export async function openSimMarket(options: SimMarketOptions): Promise<SimMarket> {
  const { log } = options
  const clock = openWorldClock(machine, FIRST_DAY_MS)
  const closers: (() => unknown)[] = []
  const close = async (): Promise<void> => {
    for (const one of closers.splice(0).reverse()) await one()
  }
  try {
    const home = openHome(options.home)
    closers.push(() => home.close())
    const store = await openStore({ home, databaseUrl: null, log, onProgress: () => undefined })
    closers.push(() => store.close())
    const people = openPeople({ store, clock, url: () => BASE_URL, scrapeToken: null })
    await people.setUpOwner(home.ownerKeyPath)
    const secret = readFileSync(home.ownerKeyPath, 'utf8').trim()
    const owner = await people.authenticate({ kind: 'key', secret })
    const offered: OfferedModel[] = []
    const secrets = await openSecrets({ store, path: home.secretKeyPath })
    const catalog = await openSimCatalog({ store, secrets, clock, log, offered })
    const pricing = await openPricing({
      ...{ store, log, clock, mergedInto: () => new Map() },
      loadData: () => ({ prices: { versionsFor: () => [] }, rates: [] }),
    })
    await pricing.setCurrency('USD')
    const parts = await openParts({ ...options, store, clock, catalog, pricing, closers })
    return {
      ...{ clock, owner, close, ...parts },
      makePerson: () => ({
        ...owner,
        ...{ subjectId: newId<'subject'>(), personId: newId<'person'>(), keyId: newId<'key'>() },
        ...{ role: 'member', teamId: null },
      }),
      addModel: openDoor({ catalog, pricing, offered }),
    }
  } catch (error) {
    await close()
    throw error
  }
}

interface Ground extends SimMarketOptions {
  readonly store: Store
  readonly clock: WorldClock
  readonly catalog: Catalog
  readonly pricing: Pricing
  readonly closers: (() => unknown)[]
}

async function openParts(ground: Ground) {
  const { store, clock, log, catalog, pricing, closers } = ground
  const lots = new AsyncLocalStorage<Numbers>()
  const random = (): number => {
    const numbers = lots.getStore()
    assert(numbers !== undefined, 'sim: lots are drawn from numbers that were given')
    return numbers.next()
  }
  const rules = await openRules(store, log)
  closers.push(() => rules.close())
  const priceOf = (listing: LiveListing): number | null => {
    const price = pricing.typicalCost(pricedListing(listing), clock.nowMs())
    return price === null ? null : Number(price.amountPico) / PICO
  }
  const live = (): readonly LiveListing[] => catalog.snapshot().listings
  const describe = (): ReadonlyMap<string, BoardModel> =>
    new Map(
      live().map((listing) => {
        const amount = priceOf(listing)
        const retiredAt = rules.now().retired.get(listing.modelId)?.retiredAt ?? null
        return [listing.modelId, describeModel(listing, { amount, retiredAt })]
      }),
    )
  const boards = openBoards({
    ...{ store, log, models: describe, workerPath: ground.workerPath, timing: TIMING },
    clock: { nowMs: clock.nowMs, monotonicMs: machine.monotonicMs },
    codeVersion: 'sim',
  })
  closers.push(() => boards.close())
  const on = {
    ...{ rules, store, clock, log, catalog, boards },
    priceOf(listingId: string) {
      const listing = live().find((one) => one.listingId === listingId)
      return listing === undefined ? null : priceOf(listing)
    },
  }
  const routing = openRouting({ ...on, random, fromUsd: (amount) => amount })
  const retirements = openRetirements({ ...on, inOwn: () => null })
  const arena = openArena({
    ...{ store, clock, log, catalog, revealUsage, random, ask: answerAtOnce },
    isResting: () => false,
    mayBeDrawn: (listing, caller) => routing.mayBeDrawn(listing, caller),
    pairVotes: (name) => readPairVotes(store.db, name),
    votesMoved: () => undefined,
    convert: () => null,
  })
  closers.push(() => arena.close())
  // What one person may do in a minute is another test's matter.
  await arena.setSettings({ ...DEFAULT_ARENA, votesPerMinute: 10_000, votesPerDay: 100_000 })
  return {
    ...{ arena, boards, routing, retirements },
    drawing: <T>(numbers: Numbers, work: () => Promise<T>) => lots.run(numbers, work),
  }
}

function describeModel(
  { modelName }: LiveListing,
  of: { readonly amount: number | null; readonly retiredAt: Date | null },
): BoardModel {
  const { amount, retiredAt } = of
  return {
    ...{ name: modelName, openness: null, publisherCountry: null, parametersTotal: null },
    ...{ places: [], retiredAt, price: amount === null ? null : { amount, currency: 'USD' } },
  }
}

/** Both sides say the same at once: pace and style tell nothing here. */
function answerAtOnce({ sink }: AskWish): Asking {
  const timer = setImmediate(() => {
    sink.text(ANSWER)
    sink.ended({ kind: 'answered', finishReason: 'stop', usage: null })
  })
  return { requestId: newId<'request'>(), leave: () => clearImmediate(timer) }
}

function openSimCatalog(
  of: Pick<Parameters<typeof openCatalog>[0], 'store' | 'secrets' | 'clock' | 'log'> & {
    readonly offered: readonly OfferedModel[]
  },
): Promise<Catalog> {
  const { offered, ...ground } = of
  return openCatalog({
    ...{ ...ground, engine: null, isOffline: false },
    upstream: {
      presetOf,
      normaliseBaseUrl,
      identifyServer: async () => ({ kind: 'generic', marketId: null }),
      marketAt: async () => null,
      listModels: async () => [...offered],
    },
  })
}

/** Models come one after another, so that their ids are in the order of their coming. */
function openDoor(of: {
  readonly catalog: Catalog
  readonly pricing: Pricing
  readonly offered: OfferedModel[]
}): SimMarket['addModel'] {
  const { catalog, pricing, offered } = of
  const wish = { kind: 'generic', url: BASE_URL, name: 'sim', key: null } as const
  return async ({ name, priceUsd }) => {
    offered.push({
      ...{ id: name, ownedBy: null, createdAtSeconds: null, contextTokens: null },
      ...{ parametersTotal: null, capabilities: ['chat'], modalities: null },
    })
    const beganMs = machine.nowMs()
    while (machine.nowMs() === beganMs) await new Promise((resolve) => setTimeout(resolve, 1))
    await catalog.addProvider({ ...wish, models: [name] })
    const listing = catalog.snapshot().listings.find(({ modelName }) => modelName === name)
    assert(listing !== undefined, 'sim: a model that joins has a listing')
    // 1,000 tokens in and 500 out cost the price then.
    const rate = priceUsd * 500
    await pricing.setPrice(
      { kind: 'listing', listingId: listing.listingId },
      { currency: 'USD', input: rate.toFixed(6), output: (2 * rate).toFixed(6) },
      null,
    )
    return listing.modelId
  }
}
