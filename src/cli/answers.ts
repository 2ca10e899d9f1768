// The shapes of the market's answers (`/api`), as the command line reads them.
import type { Json } from '../kernel/index.ts'

export interface KeyAnswer {
  readonly id: string
  readonly name: string
  readonly prefix: string
  readonly person_id: string | null
  readonly team_id: string | null
  readonly role: string
  readonly scopes: readonly string[] | null
  readonly models: readonly string[] | null
  readonly is_owner_key: boolean
  readonly expires_at: string | null
  readonly created_at: string
  readonly revoked_at: string | null
  /** Null: not known. */
  readonly made_by: MakerAnswer | null
  /** The host and folder that an owner's key lies in; null: any other key, or not known. */
  readonly home: string | null
  readonly last_used_at: string | null
}

export interface MakerAnswer {
  readonly key_id: string | null
  readonly subject_id: string
  readonly person_id: string | null
}

/** What lives that a key made, and what that made in turn. */
export interface MadeAnswer {
  readonly keys: readonly KeyAnswer[]
  readonly people: readonly PersonAnswer[]
  readonly session_count: number
  readonly link_count: number
}

export interface RevokedAnswer {
  readonly id: string
  readonly is_made_revoked: boolean
  readonly made: MadeAnswer
}

export interface NewKeyAnswer extends KeyAnswer {
  /** The secret, told once. */
  readonly key: string
}

export interface LinkAnswer {
  readonly url: string
  readonly expires_at: string
}

export interface PersonAnswer {
  readonly id: string
  readonly name: string
  readonly email: string | null
  readonly role: string
  readonly created_at: string
  readonly made_by: MakerAnswer | null
}

export interface TeamAnswer {
  readonly id: string
  readonly name: string
  readonly member_ids: readonly string[]
  readonly created_at: string
}

export interface MeAnswer {
  readonly role: string
  readonly person: PersonAnswer | null
  readonly organisation: { readonly name: string; readonly is_house: boolean } | null
  readonly key: KeyAnswer | null
}

export interface StatusAnswer {
  readonly version: string
  readonly url: string
  readonly started_at: string
  readonly database: {
    readonly kind: string
    readonly version: string | null
    readonly ok: boolean
  }
  readonly engine: {
    readonly state: string
    readonly reason: string | null
    readonly loaded_count: number
    readonly queue_length: number
  }
  readonly models: { readonly all: number; readonly live: number; readonly resting: number }
  readonly found: readonly FoundServer[]
}

/** A server of models on the market's machine that runs and is not added. */
export interface FoundServer {
  readonly kind: string
  /** With `/v1`. */
  readonly url: string
}

/** What is set for the case that something is slow or fails, and what counts. */
export interface ResilienceAnswer {
  readonly set: Readonly<Record<string, number | boolean>>
  readonly in_force: Readonly<Record<string, number | boolean>>
}

export interface ProviderAnswer {
  readonly id: string
  readonly kind: string
  readonly name: string
  readonly base_url: string
  readonly has_key: boolean
  readonly listing_count: number
  readonly on_count: number
  /** Of those that are not on: which were. */
  readonly off_count: number
  readonly resilience: ResilienceAnswer
  /** When its list of models was read last; null: never. */
  readonly refreshed_at: string | null
}

/** A value with its source, or not known. */
export type FactAnswer =
  | {
      readonly known: true
      readonly value: Json
      readonly source: string
      readonly checked_at: string
    }
  | { readonly known: false }

/** How a listing is doing, as the market's process has seen it. */
export interface HealthAnswer {
  readonly state: 'healthy' | 'busy' | 'resting' | 'trying'
  /** Until when it is busy or rests; null: it is neither. */
  readonly until: string | null
  /** Failures of the last minute, at most 1,000. */
  readonly recent_failures: number
  /** What it failed of last; null: nothing since it was well. */
  readonly last_reason: string | null
}

/** Prices are decimal text, for a million tokens or an hour. */
export interface PriceAnswer {
  readonly kind: 'tokens' | 'free' | 'hourly' | 'none' | 'unreadable'
  readonly currency: string | null
  readonly input?: string
  readonly output?: string
  readonly cached_input?: string
  readonly cache_write?: string
  readonly reasoning?: string
  readonly per_request?: string
  readonly per_hour?: string
  readonly tiers?: readonly {
    readonly above_tokens: number
    readonly input?: string
    readonly output?: string
  }[]
  readonly windows?: readonly {
    readonly from: string
    readonly to: string
    readonly input?: string
    readonly output?: string
  }[]
  readonly batch?: { readonly input?: string; readonly output?: string }
  /** Null: as far back as its source tells. */
  readonly from: string | null
  /** For operators alone, as are source and ref. */
  readonly set_by?: 'listing' | 'model' | 'data' | 'machine'
  readonly source?: string
  readonly ref?: string
}

export interface ListingAnswer {
  readonly id: string
  /** `publisher/name`. */
  readonly model: string | null
  readonly provider: {
    readonly id: string
    readonly name: string | null
    readonly kind: string | null
  }
  readonly upstream_model: string
  /** For operators alone; null: not a file. */
  readonly file_path?: string | null
  readonly is_on: boolean
  readonly is_live: boolean
  /** Null: unpriced, which is not free. Absent in answers of a version before. */
  readonly price?: PriceAnswer | null
  /** Its place in the owner's order, from 1; null: after those that have one. */
  readonly position: number | null
  readonly facts: Readonly<Record<string, FactAnswer>>
  /** For operators alone. */
  readonly resilience?: ResilienceAnswer
  /** For operators alone; null: it was not asked lately. */
  readonly health?: HealthAnswer | null
  /** When it was switched on or off last; null: never. */
  readonly switched_at: string | null
  readonly vanished_at: string | null
}

export interface ModelAnswer {
  readonly id: string
  /** `publisher/name`. */
  readonly name: string
  readonly publisher: string
  readonly family: string | null
  readonly succeeds: string | null
  readonly derived_from: string | null
  readonly former_names: readonly string[]
  /** Null: unknown. */
  readonly capabilities: readonly string[] | null
  readonly league: string
  readonly is_live: boolean
  readonly facts: Readonly<Record<string, FactAnswer>>
  readonly variants: readonly {
    readonly id: string
    readonly weights_sha256: string | null
    readonly quantisation: string | null
    readonly upstream_model: string | null
    readonly first_seen_at: string
  }[]
  readonly listings: readonly ListingAnswer[]
}

/** What adding a provider answers. */
export interface AddedProviderAnswer {
  readonly provider: ProviderAnswer
  readonly listings: readonly ListingAnswer[]
}

/** What adding a file answers. */
export interface AddedFileAnswer {
  readonly listing: ListingAnswer
  readonly model: ModelAnswer
}

/** One request that was sent to a provider. */
export interface UsageAnswer {
  readonly id: string
  readonly started_at: string
  /** Null: it is gone from the catalog. */
  readonly model: string | null
  readonly model_id: string
  /** Null: asked in a browser. */
  readonly key_id: string | null
  readonly listing_id: string
  readonly purpose: string
  /** Disjoint buckets, and their sum. */
  readonly tokens: {
    readonly input: number
    readonly cached_input: number
    readonly cache_write: number
    readonly output: number
    readonly reasoning: number
    readonly total: number
  }
  readonly source: 'reported' | 'counted' | 'estimated'
  readonly outcome: 'answered' | 'aborted' | 'upstream_error'
  /** Absent in answers of a version before. */
  readonly cost?: {
    /** Decimal text; null: not known. */
    readonly amount: string | null
    readonly currency: string | null
    readonly known: boolean
  }
}

export interface AliasAnswer {
  readonly alias: string
  readonly target: string
  readonly target_kind: 'model' | 'listing'
  /** Of a listing: its model and its provider. */
  readonly model?: string | null
  readonly provider?: string | null
}

export interface ProposalAnswer {
  readonly id: string
  readonly kept: ProposalSide
  readonly other: ProposalSide
  readonly reason: string
  readonly state: string
}

export interface ProposalSide {
  readonly id: string
  readonly name?: string
  readonly providers?: readonly string[]
}

/** What a download from a hub would bring. */
export interface DownloadOfferAnswer {
  readonly source: string
  readonly publisher: string
  readonly page_url: string
  readonly licence: string | null
  readonly model: string
  /** The live model with these very weights; null: none. */
  readonly same_as: string | null
  readonly has_room: boolean
  readonly size_bytes: number
  readonly missing_bytes: number
  readonly free_bytes: number
  readonly chosen: { readonly name: string; readonly files: readonly object[] }
}

/** A download as it stands. */
export interface DownloadAnswer {
  readonly id: string
  readonly source: string
  readonly state: 'waiting' | 'running' | 'verifying' | 'adding' | 'done' | 'failed' | 'cancelled'
  readonly model: string
  readonly size_bytes: number
  readonly done_bytes: number
  readonly bytes_per_second: number | null
  readonly remaining_seconds: number | null
  readonly waits_for: string | null
  readonly error: { readonly code: string; readonly message: string } | null
  readonly listing_id: string | null
}
