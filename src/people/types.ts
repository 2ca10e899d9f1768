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
  /** Null: does not expire. */
  readonly expiresAtMs: number | null
}
