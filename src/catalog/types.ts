import type {
  Json,
  JsonObject,
  ListingId,
  ModelId,
  ProviderId,
  SubjectId,
  VariantId,
} from '../kernel/index.ts'

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

/**
 * Which addresses a URL may lead to. `private-allowed`: an operator named it, so private ones, too.
 * `public-only`: anybody else did, so none inside: not this machine, not its network.
 * Link-local and cloud metadata addresses are refused by both.
 */
export type AddressPolicy = 'private-allowed' | 'public-only'

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
  /** Whoever named it decides; absent: an operator did, `private-allowed`. */
  readonly addressPolicy?: AddressPolicy
  /** Connections to it at a time, by one process: more exchanges wait. Absent: the pools' own. */
  readonly maxConnections?: number
}

/**
 * What is done when a listing is slow or fails. Every value here is in force: what the owner set
 * for the listing, else for its provider, else the default.
 */
export interface Resilience {
  /** Longest wait for a connection, while one is free to be opened. */
  readonly connectTimeoutMs: number
  /** From the request’s last byte to the first content of the answer. */
  readonly firstByteTimeoutMs: number
  /** Longest silence within an answer that has begun. */
  readonly idleTimeoutMs: number
  /** Times one request is sent to this listing again after it failed; 0: never. */
  readonly retries: number
  /** Whether another listing of the same model may answer when this one fails. */
  readonly fallsBack: boolean
  /** Whether it is left alone for a while after it failed again and again. */
  readonly hasBreaker: boolean
  /** Silence towards the client of a stream after which a comment is sent; 0: none is. */
  readonly keepAliveMs: number
}

/** What the owner set of it; what is absent is not set. */
export type ResilienceSettings = { readonly [Name in keyof Resilience]?: Resilience[Name] }

export interface ProviderSettings extends ResilienceSettings {
  /** Connections to the provider at a time, by one process. */
  readonly maxConnections?: number
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
  /** What the provider is called here, for the log; absent: not known. */
  readonly providerName?: string
  /** The model's name at the provider: what the request's `model` becomes. */
  readonly upstreamModel: string
  readonly capabilities: readonly Capability[]
  readonly league: League
  /** Tokens; null: unknown. */
  readonly contextTokens: number | null
  /** Seconds since 1970 when the model was added, for /v1/models. */
  readonly createdAtSeconds: number
  readonly endpoint: Endpoint
  readonly resilience: Resilience
}

/** How a listing is doing, as this process has seen it. */
export interface ListingHealth {
  readonly state: 'healthy' | 'busy' | 'resting' | 'trying'
  /** Until when it is busy or rests, since 1970; null: it is neither. */
  readonly untilMs: number | null
  /** Failures of the last minute, at most 1,000. */
  readonly recentFailures: number
  /** What it failed of last, a word of routing's; null: nothing since it was well. */
  readonly lastReason: string | null
}

/** Null: it was not asked lately. */
export type HealthOf = (listingId: ListingId) => ListingHealth | null

/** What a listing costs now, as JSON shows it; null: unpriced. Absent where nobody knows prices. */
export type PriceOf = (listingId: ListingId) => JsonObject | null

/** What a name in a request means. */
export type Resolution =
  | {
      readonly kind: 'listing'
      readonly listing: LiveListing
      /**
       * Other live listings of the same model that the caller may use, best first. Empty where the
       * caller named the listing itself.
       */
      readonly others: readonly LiveListing[]
      readonly how: 'name' | 'alias' | 'listing-id'
    }
  /** The catalog has the model, but no listing of it takes traffic. */
  | { readonly kind: 'no-live-listing'; readonly modelName: string }
  /** A bare name that fits several models. */
  | { readonly kind: 'ambiguous'; readonly candidates: readonly string[] }
  /** No model of that name; `nearest` are the closest names, best first, at most three. */
  | { readonly kind: 'unknown'; readonly nearest: readonly string[] }

/** Every kind of provider that Baimo knows by name. `generic` is any other of the dialect. */
export const PROVIDER_KINDS = [
  'openai',
  'mistral',
  'qwen',
  'deepseek',
  'gemini',
  'openrouter',
  'vllm',
  'sglang',
  'ollama',
  'llamacpp',
  'lmstudio',
  'baimo',
  'engine',
  'generic',
] as const
export type ProviderKind = (typeof PROVIDER_KINDS)[number]

/** How a server of one kind is reached: data, so that a new one needs no code. */
export interface ProviderPreset {
  readonly kind: ProviderKind
  /** As people write it. */
  readonly title: string
  /** Null: the operator must give the address. */
  readonly baseUrl: string | null
  /** How a key is sent. */
  readonly authHeader: { readonly name: string; readonly prefix: string }
  readonly needsKey: boolean
  /** Whose models it serves when it is the maker's own service; null: anybody's. */
  readonly publisher: string | null
  /** Whether it runs on the operator's side of the network rather than being a service. */
  readonly isLocal: boolean
  readonly quirks: Quirks
}

/** A model as its upstream lists it: what it says, and null for what it does not say. */
export interface OfferedModel {
  /** The upstream's own name: what a request's `model` must be. */
  readonly id: string
  readonly ownedBy: string | null
  readonly createdAtSeconds: number | null
  readonly contextTokens: number | null
  readonly parametersTotal: number | null
  readonly capabilities: readonly Capability[] | null
  readonly modalities: readonly Modality[] | null
}

/** What the catalog needs of those who talk to upstreams; `main` gives it. */
export interface CatalogUpstream {
  presetOf(kind: ProviderKind): ProviderPreset
  /** Throws a refusal for an address that cannot be used. */
  normaliseBaseUrl(text: string): string
  identifyServer(
    baseUrl: string,
  ): Promise<{ readonly kind: ProviderKind; readonly marketId: string | null }>
  /** Which market answers at an address; null: none does. */
  marketAt(baseUrl: string): Promise<string | null>
  /** Throws a refusal when there is no list to be had. */
  listModels(endpoint: Endpoint): Promise<readonly OfferedModel[]>
}

/** What is known of a model file. */
export interface InspectedFile {
  readonly name: string | null
  readonly parameterCount: number
  readonly activeParameterCount: number
  readonly quantisation: string | null
  readonly contextTokens: number | null
  readonly kind: 'chat' | 'completion' | 'embedding'
  readonly licence: string | null
  /** Of the whole file, in lower-case hexadecimal: the identity of the weights. */
  readonly sha256: string
}

/** What the catalog needs of the engine; `main` gives it. */
export interface CatalogEngine {
  readonly socketPath: string
  /**
   * Throws a refusal for a file that is no whole model. `sha256`: the file's hash where somebody
   * knows it already; `signal` ends it, however much is still to be hashed.
   */
  inspect(
    path: string,
    options?: { readonly sha256?: string; readonly signal?: AbortSignal },
  ): Promise<InspectedFile>
  /** From now on the engine answers for this name with this file. */
  register(model: { readonly name: string; readonly path: string }): void | Promise<void>
}

/** Seals a provider's key; `Secrets` of the store fits. */
export interface SecretBox {
  seal(plain: string, context: SecretContext): string | Promise<string>
  open(sealed: string, context: SecretContext): string | Promise<string>
}
export interface SecretContext {
  readonly table: string
  readonly rowId: string
}

/** A publisher's named version: what is judged. */
export interface Model {
  readonly id: ModelId
  readonly publisher: string
  readonly name: string
  readonly family: string | null
  readonly succeedsId: ModelId | null
  readonly derivedFromId: ModelId | null
  /** Null: unknown, so the upstream decides what it answers. */
  readonly capabilities: readonly Capability[] | null
  readonly league: League
  /** The model that the owner said it is; null: it stands for itself. */
  readonly mergedIntoId: ModelId | null
  readonly createdAtMs: number
}

/** What exactly answers. */
export interface Variant {
  readonly id: VariantId
  readonly modelId: ModelId
  /** Null for an upstream's model, whose weights nobody here has seen. */
  readonly weightsSha256: string | null
  readonly quantisation: string | null
  readonly upstreamModel: string | null
  readonly firstSeenAtMs: number
}

export interface Provider {
  readonly id: ProviderId
  readonly kind: ProviderKind
  readonly name: string
  readonly baseUrl: string
  /** Sealed for context (`providers`, id); null: it has none. */
  readonly sealedKey: string | null
  /** Null: those of its kind. */
  readonly quirks: Quirks | null
  readonly resilience: ProviderSettings
  readonly createdAtMs: number
  readonly refreshedAtMs: number | null
  readonly removedAtMs: number | null
}

/** A variant at a provider. */
export interface Listing {
  readonly id: ListingId
  readonly variantId: VariantId
  readonly providerId: ProviderId
  readonly upstreamModel: string
  /** The weights on this machine's disk; null for an upstream's model. */
  readonly filePath: string | null
  /** Whether it may take traffic. Only an operator's word turns it on. */
  readonly isOn: boolean
  /** Its place in the owner's order of the model's listings, from 1; null: after those. */
  readonly position: number | null
  /** Beyond what is set for its provider. */
  readonly resilience: ResilienceSettings
  readonly offeredAtMs: number
  readonly switchedAtMs: number | null
  /** When its provider stopped offering it; null: it does. */
  readonly vanishedAtMs: number | null
}

export const MODEL_FACTS = [
  'openness',
  'licence',
  'publisher_country',
  'parameters_total',
  'parameters_active',
  'context_tokens',
  'modalities',
] as const
export const LISTING_FACTS = [
  'place',
  'law',
  'retention_days',
  'training_use',
  'context_tokens',
] as const
export type FactName = (typeof MODEL_FACTS)[number] | (typeof LISTING_FACTS)[number]

/** A known value of a subject. What is not here is unknown. */
export interface KnownFact {
  readonly subjectKind: 'model' | 'listing'
  readonly subjectId: ModelId | ListingId
  readonly name: string
  readonly value: Json
  readonly source: string
  readonly checkedAtMs: number
}

export interface Alias {
  readonly alias: string
  readonly target:
    | { readonly kind: 'model'; readonly id: ModelId }
    | { readonly kind: 'listing'; readonly id: ListingId }
  readonly createdAtMs: number
}

export interface FormerName {
  readonly id: string
  readonly publisher: string
  readonly name: string
  readonly modelId: ModelId
  readonly createdAtMs: number
}

/** Two models that may be one. */
export interface Proposal {
  readonly id: string
  readonly keptModelId: ModelId
  readonly otherModelId: ModelId
  readonly reason: string
  readonly state: 'open' | 'same' | 'different'
  /** Variants that moved from the other model when it was decided `same`. */
  readonly movedVariantIds: readonly VariantId[]
  readonly createdAtMs: number
  readonly decidedAtMs: number | null
  readonly decidedBy: SubjectId | null
}

/** Everything the catalog keeps, as read in one transaction. */
export interface CatalogRows {
  readonly revision: number
  readonly models: readonly Model[]
  readonly formerNames: readonly FormerName[]
  readonly variants: readonly Variant[]
  readonly providers: readonly Provider[]
  readonly listings: readonly Listing[]
  readonly facts: readonly KnownFact[]
  readonly aliases: readonly Alias[]
  readonly proposals: readonly Proposal[]
}

/** A model that takes traffic now, or an owner's alias of one. */
export interface LiveModel {
  readonly id: string
  readonly publisher: string
  readonly modelId: ModelId
  readonly modelName: string
  readonly createdAtSeconds: number
}

/** The catalog at one revision: never changes, answers at once. */
export interface CatalogSnapshot {
  readonly revision: number
  /** All listings that take traffic. */
  readonly listings: readonly LiveListing[]
  /** Those that may stand for `auto` and on public boards. */
  readonly autoListings: readonly LiveListing[]
  /** `allowed`: names a key is limited to, any form a request may use; null: all. */
  resolve(name: string, allowed: readonly string[] | null): Resolution
  /** Whether a listing lies within a key's limit. */
  allows(listing: LiveListing, allowed: readonly string[] | null): boolean
  /** Live models a key may use, in the order they were added, then aliases by name. */
  liveModels(allowed: readonly string[] | null): readonly LiveModel[]
}
