import type { CatalogUpstream, Endpoint, Provider } from './types.ts'

/** How a provider is reached, with its key (null: none) in the clear. */
export function endpointOf(
  upstream: Pick<CatalogUpstream, 'presetOf'>,
  provider: Provider,
  key: string | null,
): Endpoint {
  const preset = upstream.presetOf(provider.kind)
  const { name, prefix } = preset.authHeader
  const { maxConnections } = provider.resilience
  return {
    providerId: provider.id,
    dialect: 'openai',
    baseUrl: provider.baseUrl,
    socketPath: null,
    authHeader: key === null ? null : { name, value: `${prefix}${key}` },
    quirks: provider.quirks ?? preset.quirks,
    ...(maxConnections === undefined ? {} : { maxConnections }),
  }
}
