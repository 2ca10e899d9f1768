import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import {
  DEFAULT_RESILIENCE,
  type Endpoint,
  type LiveListing,
  type Resolution,
} from '../../src/catalog/index.ts'
import { type Gateway, type GatewayParts, openGateway } from '../../src/gateway/index.ts'
import { shapeOpenaiError } from '../../src/http/shape-error.ts'
import { type Clock, type Log, newId, silentLog, systemClock } from '../../src/kernel/index.ts'
import type { Operation, Usage } from '../../src/metering/index.ts'
import type { Principal } from '../../src/people/index.ts'
import { openProviders } from '../../src/providers/index.ts'

export interface GatewayWorld {
  /** With `/v1`. */
  readonly baseUrl: string
  readonly gateway: Gateway
  readonly principal: Principal
  /** Every record that was given to `record`, in order. */
  readonly usages: Usage[]
  /** Codes of what was refused before it was dispatched. */
  readonly refusals: string[]
  /** Lines of the log from warnings up. */
  readonly logged: { readonly fields: object; readonly message: string }[]
  /** What was retried, left for another and opened: the listing, and why. */
  readonly moves: [move: 'again' | 'fallback' | 'opened', listingId: string, reason: string][]
  post(path: string, body: string | Buffer, init?: RequestInit): Promise<Response>
  /** Resolves once so many records are there and nothing runs; rejects after five seconds. */
  settled(count: number): Promise<Usage[]>
}

export interface GatewayWorldOptions {
  readonly endpoint: Endpoint
  /** What a record goes to; kept in memory alone when absent. */
  readonly record?: GatewayParts['record']
  readonly listing?: Partial<LiveListing>
  readonly resolve?: (name: string) => Resolution | null
  readonly dispatch?: GatewayParts['dispatch']
  readonly mayDispatch?: GatewayParts['mayDispatch']
  readonly bodiesBytes?: number
  readonly answersBytes?: number
  readonly connections?: number
  readonly takeLimits?: GatewayParts['takeLimits']
  readonly prices?: GatewayParts['prices']
  readonly marketId?: string
  readonly clock?: Clock
  /** For jitter; 0 when absent: no wait at all. */
  readonly random?: () => number
  /** Other listings of every model, best first. */
  readonly others?: readonly LiveListing[]
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  '/v1/chat/completions': 'chat',
  '/v1/completions': 'completions',
  '/v1/embeddings': 'embeddings',
}

/**
 * A gateway on a real socket, before one upstream: every name `x` is the model `acme/x` there.
 * Closed after the test, which fails if the gateway then still holds a request.
 */
export async function openGatewayWorld(options: GatewayWorldOptions): Promise<GatewayWorld> {
  const principal = memberPrincipal()
  const usages: Usage[] = []
  const refusals: string[] = []
  const logged: GatewayWorld['logged'] = []
  const moves: GatewayWorld['moves'] = []
  const providers = openProviders({ connections: options.connections ?? 64 })
  const gateway = openGateway({
    resolve: (name) => options.resolve?.(name) ?? resolveAny(name, options),
    ...(options.bodiesBytes === undefined ? {} : { bodiesBytes: options.bodiesBytes }),
    ...(options.answersBytes === undefined ? {} : { answersBytes: options.answersBytes }),
    mayDispatch: options.mayDispatch ?? (() => undefined),
    dispatch: options.dispatch ?? providers.dispatch,
    record: async (usage, timeoutMs) => {
      usages.push(usage)
      await options.record?.(usage, timeoutMs)
    },
    shapeError: shapeOpenaiError,
    ...(options.takeLimits === undefined ? {} : { takeLimits: options.takeLimits }),
    ...(options.prices === undefined ? {} : { prices: options.prices }),
    ...(options.marketId === undefined ? {} : { marketId: options.marketId }),
    random: options.random ?? (() => 0),
    meters: {
      refused: (_operation, code) => void refusals.push(code),
      finished: () => {},
      retried: ({ listingId }, reason) => void moves.push(['again', listingId, reason]),
      fellBack: ({ listingId }, reason) => void moves.push(['fallback', listingId, reason]),
      opened: ({ listingId }) => void moves.push(['opened', listingId, '']),
    },
    clock: options.clock ?? systemClock,
    log: keepingLog(logged),
  })
  const server = createServer((request, response) => {
    const operation = OPERATIONS[request.url ?? '']
    if (operation === undefined) response.writeHead(404).end()
    else gateway.relay(operation, request, response, { principal, requestId: newId() })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 511, resolve))
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await until(() => gateway.runningCount === 0)
    await providers.close()
  })
  return {
    baseUrl,
    gateway,
    principal,
    usages,
    refusals,
    logged,
    moves,
    post: (path, body, init = {}) =>
      fetch(`${baseUrl}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: new Uint8Array(Buffer.from(body)),
        ...init,
      }),
    settled: async (count) => {
      await until(() => usages.length >= count && gateway.runningCount === 0)
      return usages
    },
  }
}

/** Resolves once the condition holds; rejects after five seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 5_000
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`five seconds in vain: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

export function memberPrincipal(overrides: Partial<Principal> = {}): Principal {
  return {
    via: 'key',
    subjectId: newId<'subject'>(),
    organisationId: newId<'organisation'>(),
    personId: newId<'person'>(),
    teamId: null,
    role: 'member',
    isHouse: true,
    keyId: newId<'key'>(),
    models: null,
    scopes: null,
    expiresAtMs: null,
    ...overrides,
  }
}

export function liveListing(endpoint: Endpoint, overrides: Partial<LiveListing> = {}): LiveListing {
  return {
    listingId: newId<'listing'>(),
    variantId: newId<'variant'>(),
    modelId: newId<'model'>(),
    modelName: 'acme/normal',
    upstreamModel: 'acme/normal',
    capabilities: [],
    league: 'models',
    contextTokens: null,
    createdAtSeconds: 1_764_000_000,
    endpoint,
    resilience: { ...DEFAULT_RESILIENCE, retries: 0 },
    ...overrides,
  }
}

/** A body of the dialect; `name` is a mode of the scripted upstream. */
export function chatBody(name: string, more: object = {}): string {
  return JSON.stringify({
    model: name,
    messages: [{ role: 'user', content: 'say hello' }],
    ...more,
  })
}

function resolveAny(name: string, options: GatewayWorldOptions): Resolution {
  const modelName = `acme/${name}`
  const listing = liveListing(options.endpoint, {
    modelName,
    upstreamModel: modelName,
    ...options.listing,
  })
  return { kind: 'listing', listing, others: options.others ?? [], how: 'name' }
}

function keepingLog(logged: GatewayWorld['logged']): Log {
  const keep = (fields: object, message: string) => void logged.push({ fields, message })
  return { ...silentLog, warn: keep, error: keep }
}
