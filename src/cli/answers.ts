// The shapes of the market's answers (`/api`), as the command line reads them.

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
  readonly models: { readonly all: number; readonly live: number }
  readonly found: readonly FoundServer[]
}

/** A server of models on the market's machine that runs and is not added. */
export interface FoundServer {
  readonly kind: string
  /** With `/v1`. */
  readonly url: string
}

export interface ProviderAnswer {
  readonly id: string
  readonly kind: string
  readonly name: string
  readonly base_url: string
  readonly has_key: boolean
  readonly refreshed_at: string | null
}
