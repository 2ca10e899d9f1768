import type { Endpoint } from '../../src/catalog/index.ts'
import type { CatalogRows, Listing, Model, Provider, Variant } from '../../src/catalog/types.ts'
import type { ListingId, ModelId, ProviderId, VariantId } from '../../src/kernel/index.ts'

/** A catalog as pure rules take it, written down in few words. */
export interface RowsWish {
  /** `publisher/name` of each model, with what differs from an ordinary live one. */
  readonly models: Readonly<Record<string, ModelWish>>
  readonly rest?: Partial<CatalogRows>
}
export interface ModelWish extends Partial<Omit<Model, 'publisher' | 'name'>> {
  /** Listings by the provider that has them; one at `box` that is on when absent. */
  readonly listings?: readonly Partial<Listing & { readonly provider: string }>[]
}

/** Rows whose ids are readable: model `m:a/b`, variant `v:a/b:0`, listing `l:a/b:0`. */
export function rowsOf(wish: RowsWish): CatalogRows {
  const models: Model[] = []
  const variants: Variant[] = []
  const listings: Listing[] = []
  for (const [fullName, { listings: listed, ...fields }] of Object.entries(wish.models)) {
    const [publisher = '', name = ''] = fullName.split('/')
    const model = { ...ordinaryModel(publisher, name), createdAtMs: models.length, ...fields }
    models.push(model)
    for (const [i, { provider, ...changes }] of (listed ?? [{}]).entries()) {
      const variant = ordinaryVariant(model.id, `${fullName}:${i}`)
      variants.push(variant)
      listings.push({
        ...ordinaryListing(variant, listings.length),
        providerId: (provider ?? 'box') as ProviderId,
        ...changes,
      })
    }
  }
  const providers = [...new Set(listings.map((each) => each.providerId))].map(ordinaryProvider)
  return {
    revision: 1,
    models,
    variants,
    listings,
    providers,
    formerNames: [],
    facts: [],
    aliases: [],
    proposals: [],
    ...wish.rest,
  }
}

/** Every provider of the rows can be reached; those named are on the operator's own side. */
export function reachesOf(rows: CatalogRows, local: readonly string[] = []) {
  return new Map(
    rows.providers.map((provider) => [
      provider.id,
      { endpoint: endpointAt(provider), isLocal: local.includes(provider.id) },
    ]),
  )
}

export function ordinaryProvider(id: ProviderId): Provider {
  return {
    id,
    kind: 'generic',
    name: id,
    baseUrl: `http://${id}.example/v1`,
    sealedKey: null,
    quirks: null,
    resilience: {},
    createdAtMs: 0,
    refreshedAtMs: null,
    removedAtMs: null,
  }
}

function endpointAt(provider: Provider): Endpoint {
  return {
    providerId: provider.id,
    dialect: 'openai',
    baseUrl: provider.baseUrl,
    socketPath: null,
    authHeader: null,
    quirks: { acceptsStreamOptions: true, rejectedParameters: [] },
  }
}

function ordinaryModel(publisher: string, name: string): Model {
  return {
    id: `m:${publisher}/${name}` as ModelId,
    publisher,
    name,
    family: null,
    succeedsId: null,
    derivedFromId: null,
    capabilities: ['chat'],
    league: 'models',
    mergedIntoId: null,
    createdAtMs: 0,
  }
}

function ordinaryVariant(modelId: ModelId, name: string): Variant {
  return {
    id: `v:${name}` as VariantId,
    modelId,
    weightsSha256: null,
    quantisation: null,
    upstreamModel: name,
    firstSeenAtMs: 0,
  }
}

function ordinaryListing(variant: Variant, count: number): Listing {
  return {
    id: variant.id.replace('v:', 'l:') as ListingId,
    variantId: variant.id,
    providerId: 'box' as ProviderId,
    upstreamModel: variant.upstreamModel ?? '',
    filePath: null,
    isOn: true,
    position: null,
    resilience: {},
    offeredAtMs: count,
    switchedAtMs: count,
    vanishedAtMs: null,
  }
}
