import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Arena, arenaRoutes } from './arena/index.ts'
import { type Boards, boardsRoutes } from './boards/index.ts'
import {
  type Catalog,
  catalogRoutes,
  type HealthOf,
  type PriceOf,
  summariseModels,
  type V1Listing,
} from './catalog/index.ts'
import { commandName, packageRoot } from './config.ts'
import { dispatchWhenReady, type Engine } from './engine/index.ts'
import {
  type Gateway,
  gatewayMeters,
  gatewayRoutes,
  meterHealth,
  openGateway,
} from './gateway/index.ts'
import {
  answerProblem,
  answerUnusableLink,
  type Readiness,
  type StatusFacts,
  shapeOpenaiError,
  statusRoutes,
  systemRoutes,
} from './http/index.ts'
import { type HubServices, hubRoutes } from './hubs/index.ts'
import { systemClock as clock, isJsonObject, type Log, parseJson } from './kernel/index.ts'
import { type LimitsService, limitsRoutes } from './limits/index.ts'
import { type Metering, type Metrics, meteringRoutes } from './metering/index.ts'
import { openHolders, type People, peopleRoutes, type Route } from './people/index.ts'
import {
  isLoopback,
  type NamedListing,
  type Pricing,
  pricingRoutes,
  requestPrices,
  shapePrice,
} from './pricing/index.ts'
import type { Providers } from './providers/index.ts'
import {
  describeHealth,
  livesOfModels,
  type OpenRouting,
  type ReplayParts,
  type Retirements,
  ROUTED_NAMES,
  replayRoute,
  routingRoutes,
} from './routing/index.ts'
import type { Home, Store } from './store/index.ts'

/** The domains, opened on a store. */
export interface Parts {
  /** The market's name for itself, all its processes alike. */
  readonly marketId: string
  readonly people: People
  readonly catalog: Catalog
  readonly pricing: Pricing
  readonly providers: Providers
  readonly metering: Metering
  readonly limits: LimitsService
  readonly boards: Boards
  readonly routing: OpenRouting
  readonly retirements: Retirements
  readonly pastBattles: ReplayParts['battles']
  readonly metrics: Metrics
}

/** What the domains stand on. */
export interface Ground {
  /** Where people reach the market; unless that is set, the wished address until it listens. */
  readonly address: { url: string }
  readonly home: Home
  readonly engine: Engine
  readonly store: Store
  readonly log: Log
}

/** A local server that answers. */
export type FoundServer = { readonly kind: string; readonly baseUrl: string }

/** A market whose parts are open. */
export interface Running extends Parts, Ground {
  readonly hubs: HubServices
  readonly startedAt: Date
  /** Local servers that answer on their usual ports; none where nothing may go out. */
  readonly found: Promise<readonly FoundServer[]>
  /** Whether a stop was asked for; absent: it never is. */
  readonly isStopping?: () => boolean
}

/** The gateway over the domains. */
export function openGatewayOf(running: Running): Gateway {
  const { catalog, providers, metering, limits, metrics, engine, store, routing } = running
  const meters = gatewayMeters(metrics)
  const gateway = openGateway({
    marketId: running.marketId,
    resolve: (name, allowed) => catalog.snapshot().resolve(name, allowed),
    routing,
    mayDispatch: () => {
      store.mayWrite()
      metering.mayDispatch()
    },
    dispatch: dispatchWhenReady(engine, providers.dispatch),
    record: metering.record,
    prices: requestPrices(running.pricing),
    takeLimits: limits.take,
    shapeError: shapeOpenaiError,
    meters: {
      ...meters,
      finished(usage, listing, overheadMs) {
        meters.finished(usage, listing, overheadMs)
        if (usage.outcome === 'answered' && usage.firstByteMs !== null)
          routing.observe(listing.listingId, usage.firstByteMs, usage.isStream)
      },
    },
    clock,
    log: running.log,
  })
  meterHealth(metrics, gateway.health)
  return gateway
}

/** Every route of the market, each with its declaration of who may call it. */
export function composeRoutes(running: Running, gateway: Gateway, arena: Arena): readonly Route[] {
  const { people, catalog, metering, limits, metrics } = running
  const version = readVersion()
  const listings = namedListingsOf(catalog)
  const priceOf: PriceOf = (id) => {
    const listing = listings().get(id)
    if (listing === undefined) return null
    return shapePrice(running.pricing.priceAt(listing, clock.nowMs()))
  }
  gaugeParts(running, gateway)
  const healthOf: HealthOf = (id) => {
    const health = gateway.health.health(id)
    return health === null ? null : describeHealth(health, clock.nowMs())
  }
  const isSecure = (): boolean => running.address.url.startsWith('https:')
  const routes: readonly Route[] = [
    ...gatewayRoutes(gateway),
    ...catalogRoutes(catalog, { healthOf, priceOf, listing: listingOf(running) }),
    ...hubRoutes(() => running.hubs),
    ...peopleRoutes(people, {
      isSecure,
      answerUnusableLink: (language) =>
        answerUnusableLink(language, { version, command: commandName }),
    }),
    ...meteringRoutes(metering, (id) => modelNameOf(catalog, id), {
      currency: () => running.pricing.currency,
      convert: (amount, to) => running.pricing.convert(amount, to, clock.nowMs()),
    }),
    ...pricingRoutes({
      pricing: running.pricing,
      listings: () => [...listings().values()],
      nowMs: clock.nowMs,
    }),
    ...limitsRoutes(limits),
    ...boardsRoutes(running.boards),
    ...routesOfRouting(running),
    replayRoute({
      routing: running.routing,
      currency: () => running.pricing.currency,
      nowMs: clock.nowMs,
      battles: running.pastBattles,
    }),
    ...arenaRoutes(arena, answerProblem),
    ...statusRoutes({
      version,
      command: commandName,
      facts: () => readFacts(running, { version, healthOf }),
      usableNames: (allowed) =>
        catalog
          .snapshot()
          .liveModels(allowed)
          .map(({ modelName }) => modelName),
    }),
    ...systemRoutes({
      marketId: running.marketId,
      version,
      metrics,
      readiness: () => readReadiness(running),
      allRoutes: () => routes,
    }),
  ]
  return routes
}

function routesOfRouting(running: Running): Route[] {
  const { catalog, pricing, routing, retirements } = running
  const decide = openHolders(running.store)
  return routingRoutes({
    ...{ routing, retirements },
    currency: () => pricing.currency,
    hasTeam: async (caller, id) => (await decide(caller, { kind: 'team', id })) !== 'unknown',
    lives: () => livesOfModels(catalog.rows(), routing.rules.now().retirements, clock.nowMs()),
  })
}

/** What `/v1/models` has besides models, and what it leaves out. */
function listingOf(running: Running): V1Listing {
  return {
    names: ROUTED_NAMES,
    isHidden: (modelId) => running.routing.retiredAt(modelId) !== null,
  }
}

/** Ready is who may be asked for a model: what cannot be recorded is not asked of one. */
async function readReadiness(running: Running): Promise<Readiness> {
  const { store, metering, engine } = running
  const isHealthy = await store.isHealthy()
  const hasRoom = isAllowed(() => store.mayWrite())
  const isRecording = isAllowed(() => metering.mayDispatch())
  return {
    isReady: isHealthy && hasRoom && isRecording,
    isStopping: running.isStopping?.() ?? false,
    parts: {
      database: isHealthy ? 'ok' : 'unavailable',
      disk: hasRoom ? 'ok' : 'full',
      usage: isRecording ? 'ok' : 'unavailable',
      engine: engine.state().kind,
    },
  }
}

function isAllowed(demand: () => void): boolean {
  try {
    demand()
    return true
  } catch {
    return false // whoever is refused is told why
  }
}

function gaugeParts(running: Running, gateway: Gateway): void {
  const { metering, metrics, engine, store } = running
  metrics.gaugeFrom(
    'baimo_requests_running',
    'Requests at a provider now.',
    () => gateway.runningCount,
  )
  metrics.gaugeFrom(
    'baimo_usage_pending',
    'Usage records not committed yet.',
    () => metering.pendingCount,
  )
  metrics.gaugeFrom(
    'baimo_disk_free_bytes',
    'Room on the disk of the embedded database; -1 where it is not known.',
    () => store.diskFreeBytes ?? -1,
  )
  metrics.gaugeFrom(
    'baimo_engine_queue',
    'Requests that wait for a sequence.',
    () => engine.state().queueLength,
  )
  metrics.gaugeFrom(
    'baimo_engine_restarts',
    'Times the engine was restarted.',
    () => engine.state().restarts,
  )
}

async function readFacts(
  running: Running,
  { version, healthOf }: { readonly version: string; readonly healthOf: HealthOf },
): Promise<StatusFacts> {
  const { catalog, engine, home, store } = running
  const state = engine.state()
  const isWell = await store.isHealthy()
  const added = new Set(catalog.rows().providers.map(({ baseUrl }) => placeOf(baseUrl)))
  return {
    version,
    url: running.address.url,
    startedAt: running.startedAt,
    database: { kind: store.kind, version: isWell ? await store.serverVersion() : null },
    engine: {
      kind: state.kind,
      reason: state.reason,
      loadedCount: state.loaded.length,
      queueLength: state.queueLength,
    },
    models: summariseModels(catalog.rows(), catalog.snapshot(), healthOf),
    found: (await running.found).filter(({ baseUrl }) => !added.has(placeOf(baseUrl))),
    ownerKeyPath: home.ownerKeyPath,
  }
}

/** What providers still offer, as lists of prices name it; made anew when the catalog changes. */
export function namedListingsOf(catalog: Catalog): () => ReadonlyMap<string, NamedListing> {
  let made: { readonly rows: unknown; readonly byId: ReadonlyMap<string, NamedListing> } | null =
    null
  return () => {
    const rows = catalog.rows()
    if (made?.rows !== rows) {
      const byId = new Map(namedListings(catalog).map((each) => [each.listingId as string, each]))
      made = { rows, byId }
    }
    return made.byId
  }
}

/** In the order of their ids. */
function namedListings(catalog: Catalog): NamedListing[] {
  const { models, variants, providers, listings } = catalog.rows()
  const modelOf = new Map(models.map((model) => [model.id, model]))
  const variantOf = new Map(variants.map((variant) => [variant.id, variant]))
  const providerOf = new Map(providers.map((provider) => [provider.id, provider]))
  return listings
    .flatMap((listing): NamedListing[] => {
      const variant = variantOf.get(listing.variantId)
      const model = variant === undefined ? undefined : modelOf.get(variant.modelId)
      const provider = providerOf.get(listing.providerId)
      if (model === undefined || provider === undefined || listing.vanishedAtMs !== null) return []
      return [
        {
          listingId: listing.id,
          modelId: model.id,
          modelName: `${model.publisher}/${model.name}`,
          providerId: provider.id,
          providerName: provider.name,
          upstreamModel: listing.upstreamModel,
          baseUrl: provider.baseUrl,
          isHere: provider.kind === 'engine' || isLoopback(provider.baseUrl),
          isOn: listing.isOn,
        },
      ]
    })
    .toSorted((a, b) => (a.listingId < b.listingId ? -1 : 1))
}

function modelNameOf(catalog: Catalog, modelId: string): string | null {
  const model = catalog.rows().models.find(({ id }) => id === modelId)
  return model === undefined ? null : `${model.publisher}/${model.name}`
}

/** A base URL with one name for this machine, which has several. */
function placeOf(baseUrl: string): string {
  return baseUrl.replace(/^(\w+:\/\/)(127\.0\.0\.1|\[::1\])(?=[:/]|$)/, '$1localhost')
}

/** This program's version, as its manifest has it. */
export function readVersion(): string {
  const manifest = parseJson(readFileSync(join(packageRoot, 'package.json'), 'utf8'))
  return isJsonObject(manifest) && typeof manifest.version === 'string'
    ? manifest.version
    : 'unknown'
}
