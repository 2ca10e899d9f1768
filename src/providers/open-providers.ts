// edge: talks to providers
import { lookup as dnsLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import {
  DEFAULT_MAX_CONNECTIONS,
  DEFAULT_RESILIENCE,
  type Endpoint,
  type OfferedModel,
} from '../catalog/index.ts'
import { dispatchRequest } from './dispatch.ts'
import { openDownloader } from './download.ts'
import { refuseProvider } from './errors.ts'
import { type FetchText, textFetcher } from './fetch-text.ts'
import { openHeaderMemory } from './filter-headers.ts'
import { discoverLocalServers, identifyServer, marketAt } from './identify-server.ts'
import { openDeadlines } from './open-deadlines.ts'
import { openPools } from './pools.ts'
import { readModelList } from './read-model-list.ts'
import { shareLookup } from './share-lookup.ts'
import type { Providers } from './types.ts'

export interface ProvidersOptions {
  /** Connections to one provider at a time where its endpoint says none; 64 when absent. */
  readonly connections?: number
  /** 5,000 when absent. */
  readonly connectTimeoutMs?: number
  /** Requests that may wait for a connection to one provider; 1,024 when absent. */
  readonly maxQueued?: number
  /** Bytes of their bodies; 64 MiB when absent, and one request however large. */
  readonly maxQueuedBytes?: number
  /** Longest wait for a free connection; 30,000 when absent. */
  readonly queueTimeoutMs?: number
  /** After which a provider's connections are forgotten; five minutes when absent. */
  readonly idleMs?: number
  /** How a name becomes addresses; the machine's own way when absent. */
  readonly lookup?: LookupFunction
  /** For a model list, from the question to its last byte; 10,000 when absent. */
  readonly listTimeoutMs?: number
}

/** Hosts of files are far away more often than providers are. */
const DOWNLOAD_CONNECT_MS = 10_000
const LIST_MAX_BYTES = 16 * 1024 * 1024

/** The way to every provider. Opens no connection before the first request. */
export function openProviders(options: ProvidersOptions = {}): Providers {
  const connectTimeoutMs = options.connectTimeoutMs ?? DEFAULT_RESILIENCE.connectTimeoutMs
  const lookup = shareLookup(options.lookup ?? dnsLookup)
  const pools = openPools({
    connections: options.connections ?? DEFAULT_MAX_CONNECTIONS,
    connectTimeoutMs,
    maxQueued: options.maxQueued ?? 1_024,
    maxQueuedBytes: options.maxQueuedBytes ?? 64 * 1024 * 1024,
    idleMs: options.idleMs ?? 300_000,
    lookup,
  })
  const means = {
    queueTimeoutMs: options.queueTimeoutMs ?? 30_000,
    connectTimeoutMs,
    deadlines: openDeadlines(),
    headersFor: openHeaderMemory(),
  }
  const downloader = openDownloader({ lookup, connectTimeoutMs: DOWNLOAD_CONNECT_MS })
  const fetchText = textFetcher(pools, means)

  return {
    dispatch: (endpoint, request, handler) =>
      dispatchRequest(pools, means, { endpoint, request, handler }),
    listModels: modelLister(fetchText, options.listTimeoutMs ?? 10_000),
    identifyServer: (url, policy) => identifyServer(fetchText, url, policy),
    marketAt: (url) => marketAt(fetchText, url),
    discoverLocalServers: () => discoverLocalServers(fetchText),
    download: downloader.download,
    close: async () => {
      await Promise.all([pools.close(), downloader.close()])
    },
  }
}

function modelLister(
  fetchText: FetchText,
  totalMs: number,
): (endpoint: Endpoint) => Promise<readonly OfferedModel[]> {
  return async (endpoint) => {
    const answer = await fetchText(endpoint, '/models', { totalMs, maxBytes: LIST_MAX_BYTES })
    if (answer.status === 401 || answer.status === 403) {
      throw refuseProvider(
        'providers_key_refused',
        endpoint.authHeader === null
          ? 'The provider wants a key: give one.'
          : 'The provider refuses the key: check it and give a good one.',
      )
    }
    const models = answer.status === 200 ? readModelList(answer.text) : null
    if (models !== null) return models
    throw refuseProvider(
      'providers_bad_response',
      `The provider gives no model list (status ${answer.status}): check that its address is the base of an OpenAI-compatible API, such as https://api.example.com/v1.`,
      { param: 'url', details: { status: answer.status } },
    )
  }
}
