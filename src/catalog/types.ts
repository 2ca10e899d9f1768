import type { ListingId, ModelId, ProviderId, VariantId } from '../kernel/index.ts'

/** What a model can be asked for. Video and image models come as jobs, later. */
export type Capability = 'chat' | 'completion' | 'embedding'
export type Modality = 'text' | 'image' | 'audio' | 'video'
export type Openness = 'closed' | 'weights' | 'weights-and-code' | 'fully-open'
/** Like is compared with like. Practice models leave `auto` once another chat model is there. */
export type League = 'models' | 'practice' | 'apps'

/** A value with where it comes from, or not known: never guessed, never defaulted. */
export type Fact<T> =
  | {
      readonly isKnown: true
      readonly value: T
      readonly source: string
      readonly checkedAt: string
    }
  | { readonly isKnown: false }

/** How to reach a provider. Data, not code: a known dialect with its quirks. */
export interface Endpoint {
  readonly providerId: ProviderId
  readonly dialect: 'openai'
  /** Origin and path prefix, without a trailing slash: `https://api.example.com/v1`. */
  readonly baseUrl: string
  /** A unix socket (or Windows pipe) to connect to instead of the URL's host; null: none. */
  readonly socketPath: string | null
  /** Sent with every request; null: none. Secret: never log, never answer it. */
  readonly authHeader: { readonly name: string; readonly value: string } | null
  readonly quirks: Quirks
}

/** Where one server of a dialect departs from it. */
export interface Quirks {
  /** Whether `stream_options.include_usage` may be sent; where not, usage is counted. */
  readonly acceptsStreamOptions: boolean
  /** Request parameters it rejects, to be refused by name before they are sent. */
  readonly rejectedParameters: readonly string[]
}

/** A variant at a provider, as the gateway needs it: everything to dispatch, nothing to look up. */
export interface LiveListing {
  readonly listingId: ListingId
  readonly variantId: VariantId
  readonly modelId: ModelId
  /** `publisher/name`. */
  readonly modelName: string
  /** The model's name at the provider: what the request's `model` becomes. */
  readonly upstreamModel: string
  readonly capabilities: readonly Capability[]
  readonly league: League
  /** Tokens; null: unknown. */
  readonly contextTokens: number | null
  /** Seconds since 1970 when the model was added, for /v1/models. */
  readonly createdAtSeconds: number
  readonly endpoint: Endpoint
}

/** What a name in a request means. */
export type Resolution =
  | {
      readonly kind: 'listing'
      readonly listing: LiveListing
      readonly how: 'name' | 'alias' | 'listing-id'
    }
  /** The catalog has the model, but no listing of it takes traffic. */
  | { readonly kind: 'no-live-listing'; readonly modelName: string }
  /** A bare name that fits several models. */
  | { readonly kind: 'ambiguous'; readonly candidates: readonly string[] }
  /** No model of that name; `nearest` are the closest names, best first, at most three. */
  | { readonly kind: 'unknown'; readonly nearest: readonly string[] }
