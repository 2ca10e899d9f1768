import type { LiveListing } from '../catalog/index.ts'
import type { PricedListing } from './types.ts'

/** A live listing as prices are found for it. */
export function pricedListing(live: LiveListing): PricedListing {
  const { listingId, modelId, upstreamModel, endpoint } = live
  return {
    listingId,
    modelId,
    providerId: endpoint.providerId,
    upstreamModel,
    baseUrl: endpoint.baseUrl,
    isHere: endpoint.socketPath !== null || isLoopback(endpoint.baseUrl),
  }
}

/** Whether a URL leads to the machine it is read on. */
export function isLoopback(baseUrl: string): boolean {
  const host = URL.parse(baseUrl)?.hostname ?? ''
  return host === 'localhost' || host.endsWith('.localhost') || /^127\.|^\[::1\]$/.test(host)
}
