import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Catalog, openCatalog } from './catalog/index.ts'
import { openArenaOf } from './compose-arena.ts'
import { openBoardsOf } from './compose-boards.ts'
import {
  composeRoutes,
  type FoundServer,
  type Ground,
  openGatewayOf,
  type Parts,
  type Running,
} from './compose-routes.ts'
import { openRoutingOf, runRetirements } from './compose-routing.ts'
import { type Config, commandName, packageRoot } from './config.ts'
import { type Engine, type Hasher, openEngine, openHasher } from './engine/index.ts'
import { openServer, requireDescriptors } from './http/index.ts'
import { type HubServices, hubCatalogOf, hubsOf, openHubs } from './hubs/index.ts'
import { systemClock as clock, type Log } from './kernel/index.ts'
import { openLimits } from './limits/index.ts'
import { createMetrics, openMetering } from './metering/index.ts'
import { openHolders, openPeople } from './people/index.ts'
import { loadData, openPricing } from './pricing/index.ts'
import { normaliseBaseUrl, openProviders, type Providers, presetOf } from './providers/index.ts'
import { openRules } from './routing/index.ts'
import { openHome, openSecrets, openStore } from './store/index.ts'

const LAST_COMMITS_MS = 5_000
/** Published prices are read once the market answers: it takes a moment. */
const WARM_AFTER_MS = 200
/** How long changes of another process to the catalog may go unseen. */
const CATALOG_LOOK_MS = 1_000

/** A market that is open. */
export interface Market {
  /** Where it answers, without a slash at its end. */
  readonly url: string
  /** Signs the owner in, once, within an hour. */
  readonly ownerLink: string
  /**
   * Stops in order: no new requests, running answers end, usage is committed, parts close. Where it
   * `drains`, balancers are given the time that is set for it before.
   */
  close(how?: { readonly drains: boolean }): Promise<void>
}

export interface StartOptions {
  readonly log: Log
  /** Told what takes long, in a few words for a person. */
  readonly onProgress: (text: string) => void
}

/**
 * Opens the market. Whatever refuses on the way (home in use, port taken, database newer, …), what
 * was opened before is closed again and the refusal passes on.
 */
export async function startMarket(config: Config, options: StartOptions): Promise<Market> {
  const closers: (() => Promise<void> | void)[] = []
  const closeAll = (): Promise<void> => runAll(closers.splice(0).reverse())
  try {
    return await open(config, options, { closers, closeAll })
  } catch (error) {
    await closeAll().catch((also: unknown) => {
      options.log.error({ reason: String(also) }, 'a part did not close')
    })
    throw error
  }
}

/** Runs every closer, in order, whatever one of them throws; then throws the first failure. */
export async function runAll(closers: readonly (() => Promise<void> | void)[]): Promise<void> {
  const failures: unknown[] = []
  for (const close of closers)
    await Promise.try(close).catch((error: unknown) => void failures.push(error))
  if (failures.length > 0) throw failures[0]
}

interface Closing {
  /** What to close, in the order of opening; it is closed the other way round. */
  readonly closers: (() => Promise<void> | void)[]
  readonly closeAll: () => Promise<void>
}

async function open(config: Config, options: StartOptions, closing: Closing): Promise<Market> {
  const { log, onProgress } = options
  const { closers } = closing
  requireDescriptors()
  const home = openHome(config.home, (words) => log.error({}, words))
  closers.push(() => home.close())
  const hasher = openHasher(shipped('hash-worker.js', 'src/engine/hash-worker.ts'))
  closers.push(() => hasher.close())
  const engine = openEngineOf(config, { home, hasher, log })
  closers.push(() => engine.close())
  const store = await openStore({
    home,
    databaseUrl: config.databaseUrl,
    diskReserveBytes: config.diskReserveBytes,
    log,
    onProgress,
  })
  closers.push(() => store.close())
  const address = { url: config.publicUrl ?? addressOf(config) }
  const parts = await openParts(config, { address, home, engine, store, log })
  closers.push(() => parts.providers.close())
  if (store.kind === 'external') closers.push(...watchOthers(parts))
  closers.push(() => parts.metering.close(LAST_COMMITS_MS))
  closers.push(() => parts.limits.close())
  closers.push(() => parts.boards.close())
  closers.push(() => parts.routing.rules.close(), runRetirements(parts, log))
  const hubs = await openHubsOf(config, { hasher, home, log, parts })
  closers.push(() => hubs.close())

  const startedAt = new Date(clock.nowMs())
  const found = config.isOffline ? Promise.resolve([]) : findLocalServers(parts.providers, log)
  let isStopping = false
  let drainMs = 0
  const running: Running = {
    ...{ ...parts, hubs, address, home, engine, store, startedAt, found, log },
    isStopping: () => isStopping,
  }
  const gateway = openGatewayOf(running)
  const arena = openArenaOf(running, gateway)
  closers.push(() => arena.close())
  const server = await openServer({
    routes: composeRoutes(running, gateway, arena),
    authenticate: parts.people.authenticate,
    log,
    clock,
    metrics: parts.metrics,
    mayWrite: store.mayWrite,
    host: config.host,
    port: config.port,
    hostNames: config.hostNames,
    publicUrl: config.publicUrl,
  })
  address.url = config.publicUrl ?? server.url
  const warming = setTimeout(() => parts.pricing.warm(), WARM_AFTER_MS).unref()
  closers.push(() => clearTimeout(warming))
  const { stopMs: graceMs } = config
  closers.push(() => server.close({ drainMs, graceMs, onLate: gateway.stopAll }))
  const { url: ownerLink } = await parts.people.createOwnerLink()
  writeFileSync(home.marketPath, `${JSON.stringify({ url: server.url, pid: process.pid })}\n`)
  closers.push(() => rmSync(home.marketPath, { force: true }))
  return {
    url: server.url,
    ownerLink,
    close(how) {
      isStopping = true
      drainMs = how?.drains === true ? config.drainMs : 0
      return closing.closeAll()
    },
  }
}

/** Changes that other processes on the database make. */
function watchOthers({ catalog, pricing }: Parts): (() => void)[] {
  return [catalog.watch(CATALOG_LOOK_MS), pricing.watch(CATALOG_LOOK_MS)]
}

/** A file that is started by its path: its bundle, or its source where that runs. */
function shipped(bundle: string, source: string): string {
  const isBundle = !import.meta.url.endsWith('.ts')
  return isBundle ? join(packageRoot, 'build', bundle) : join(packageRoot, source)
}

function openEngineOf(
  config: Config,
  ground: Pick<Ground, 'home' | 'log'> & { readonly hasher: Hasher },
): Engine {
  const { home, hasher, log } = ground
  return openEngine({
    engineFolder: config.engineFolder,
    childPath: shipped('engine-child.js', 'src/engine/child/main.ts'),
    runFolder: home.runPath,
    log,
    clock,
    hashFiles: hasher.hashFiles,
    limits: {
      ...(config.engineMemoryBytes === null ? {} : { memoryBytes: config.engineMemoryBytes }),
      ...(config.engineThreads === null ? {} : { threads: config.engineThreads }),
    },
  })
}

function openHubsOf(
  config: Config,
  on: Pick<Ground, 'home' | 'log'> & { readonly hasher: Hasher; readonly parts: Parts },
): Promise<HubServices> {
  return openHubs({
    hubs: hubsOf(config.hubs, config.hubHosts),
    folder: join(on.home.path, 'models'),
    download: on.parts.providers.download,
    catalog: hubCatalogOf(on.parts.catalog),
    hashFiles: on.hasher.hashFiles,
    diskReserveBytes: config.diskReserveBytes,
    isOffline: config.isOffline,
    log: on.log,
    nowMs: clock.nowMs,
  })
}

async function openParts(config: Config, ground: Ground): Promise<Parts> {
  const { home, engine, store, log } = ground
  const secrets = await openSecrets({ store, path: config.secretFile ?? home.secretKeyPath })
  const people = openPeople({
    log,
    store,
    clock,
    url: () => ground.address.url,
    scrapeToken: config.scrapeToken,
    command: commandName,
  })
  await people.setUpOwner(home.ownerKeyPath)
  const marketId = await people.marketId()
  const providers = openProviders()
  const catalog = await openCatalog({
    marketId,
    store,
    secrets,
    clock,
    log,
    isOffline: config.isOffline,
    upstream: {
      presetOf,
      normaliseBaseUrl,
      identifyServer: providers.identifyServer,
      marketAt: providers.marketAt,
      listModels: providers.listModels,
    },
    engine,
  })
  await catalog.addHouseModels(join(packageRoot, 'models'))
  const pricing = await openPricing({
    store,
    log,
    clock,
    loadData: () => loadData(join(packageRoot, 'data')),
    mergedInto: () => mergedModels(catalog),
  })
  const metering = openMetering({ store, log, clock })
  const metrics = createMetrics()
  const mayLimit = openHolders(store)
  const limits = await openLimits({ store, clock, log, metrics, mayLimit })
  const workerPath = shipped('rating-worker.js', 'src/boards/rating-worker.ts')
  const rules = await openRules(store, log)
  const boards = openBoardsOf({ catalog, pricing }, { store, log, workerPath, rules })
  const routes = openRoutingOf({ catalog, pricing, boards }, { store, log, rules })
  const made = { marketId, people, catalog, pricing, providers, metering, limits }
  return { ...made, ...routes, boards, metrics }
}

function mergedModels(catalog: Catalog): ReadonlyMap<string, string> {
  return new Map(
    catalog
      .rows()
      .models.flatMap(({ id, mergedIntoId }) => (mergedIntoId ? [[id, mergedIntoId]] : [])),
  )
}

/** Looks once, in the background: nothing waits for it, and nothing found is added by itself. */
function findLocalServers(providers: Providers, log: Log): Promise<readonly FoundServer[]> {
  return providers.discoverLocalServers().catch((error: unknown) => {
    log.warn({ reason: String(error) }, 'looking for local servers failed')
    return []
  })
}
function addressOf(config: Config): string {
  return `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${config.port}`
}
