import type { KeyId, OrganisationId, PersonId, SubjectId, TeamId } from '../kernel/index.ts'

/** A person's role in one organisation, strongest first. */
export type Role = 'owner' | 'admin' | 'member'

/** What an API key may be limited to. `api` is everything below /api except usage. */
export type Scope = 'chat' | 'completions' | 'embeddings' | 'models' | 'usage' | 'api' | 'metrics'

/**
 * Who may call a route, weakest first.
 * `anyone` needs no key; `member`, `admin`, `owner` are roles in the caller's own organisation;
 * `operator` is an admin or owner of the house, the organisation that runs this market;
 * `house-owner` is an owner of it; `scraper` is a house owner or the scrape token.
 */
export type Access =
  | 'anyone'
  | 'member'
  | 'admin'
  | 'owner'
  | 'operator'
  | 'house-owner'
  | 'scraper'

/** Who a request comes from, once its key or session was found good. */
export interface Principal {
  readonly via: 'key' | 'session' | 'scrape-token'
  /** Whom usage is recorded for: the person's or the team's opaque subject. */
  readonly subjectId: SubjectId
  readonly organisationId: OrganisationId
  /** Null for a key that belongs to a team, and for the scrape token. */
  readonly personId: PersonId | null
  /** Null for a person's own key or session. */
  readonly teamId: TeamId | null
  readonly role: Role
  /** Whether the organisation is the house. */
  readonly isHouse: boolean
  /** Null for a session and the scrape token. */
  readonly keyId: KeyId | null
  /** Names of models the key may use, as the catalog names them; null: all. */
  readonly models: readonly string[] | null
  /** Null: all. */
  readonly scopes: readonly Scope[] | null
  /** When a key ends; null: never, or a session, which ends where it is kept. */
  readonly expiresAtMs: number | null
  /** The key that made the link a session began with; absent or null: none did, or it is a key. */
  readonly madeByKeyId?: KeyId | null
  /** Whether the session was kept going just now, so that the browser's cookie must be too. */
  readonly isRenewed?: boolean
}

/** What a request shows for itself. */
export type Credentials =
  | {
      readonly kind: 'key'
      readonly secret: string
      /** Of the secret, once somebody had to work it out: the same object may come back. */
      hash?: string
    }
  | { readonly kind: 'session'; readonly token: string }

/**
 * Whom credentials belong to, or a Refusal (`people_key_…`, `people_session_ended`).
 * Answers at once from memory where it can, so a hot path need not wait a turn.
 */
export type Authenticate = (credentials: Credentials) => Principal | Promise<Principal>

/** Who made a key or a person, as far as it is known. */
export interface Maker {
  /** Of a session the one that made its link; null: none, or not known. */
  readonly keyId: KeyId | null
  readonly subjectId: SubjectId
  /** Null: they have left. */
  readonly personId: PersonId | null
}

export interface Person {
  readonly id: PersonId
  readonly name: string
  /** Null: none was given. */
  readonly email: string | null
  readonly role: Role
  readonly createdAt: Date
  /** Null: the market itself, or not known. */
  readonly madeBy: Maker | null
}

export interface Team {
  readonly id: TeamId
  readonly name: string
  readonly memberIds: readonly PersonId[]
  readonly createdAt: Date
}

export interface Organisation {
  readonly id: OrganisationId
  readonly name: string
  readonly slug: string
  readonly isHouse: boolean
  readonly createdAt: Date
}

/** A key without its secret, which nobody has but who made it. */
export interface Key {
  readonly id: KeyId
  readonly name: string
  /** Its first characters, to tell it from others. */
  readonly prefix: string
  readonly subjectId: SubjectId
  readonly personId: PersonId | null
  readonly teamId: TeamId | null
  /** The most it is allowed; its holder's role may be weaker. */
  readonly role: Role
  readonly scopes: readonly Scope[] | null
  readonly models: readonly string[] | null
  readonly isOwnerKey: boolean
  readonly expiresAt: Date | null
  readonly createdAt: Date
  readonly revokedAt: Date | null
  /** Null: not known. */
  readonly madeBy: Maker | null
  /** The host and folder that an owner's key lies in; null: any other key, or not known. */
  readonly home: string | null
  /** To the hour; null: never, or not known. */
  readonly lastUsedAt: Date | null
}

/** A way to sign in that works once. */
export interface SignInLink {
  readonly url: string
  readonly expiresAt: Date
}

/** One page of a list; `nextCursor` null: the last. */
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly nextCursor: string | null
}

export interface PageWish {
  /** The last id of the page before; null: from the beginning. */
  readonly cursor: string | null
  readonly limit: number
}
