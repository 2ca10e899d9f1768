import type { LiveListing, Resolution } from '../catalog/index.ts'
import type { OrganisationId, TeamId } from '../kernel/index.ts'
import type { Operation, Purpose } from '../metering/index.ts'
import type { Principal } from '../people/index.ts'
import type { Standing } from './types.ts'
import type { Policy, RoutedName, RouteSettings } from './types-choice.ts'

/** What a request's messages are about; null: unknown. */
export interface Conversation {
  /** The last message of its user, or what of it tells. */
  readonly asked: string | null
  /** What it began with, by which it is known again. */
  readonly beginning: string | null
}

/** A request that names no model. */
export interface RouteAsk {
  readonly name: string
  readonly principal: Principal
  readonly conversation: Conversation
  /** Whether a listing can do what is asked. */
  readonly fits: (listing: LiveListing) => boolean
  readonly standingOf: (listing: LiveListing) => Standing
}

/** Where a request goes. */
export interface Routed {
  readonly listing: LiveListing
  /** Those that may stand in for it, best first: within policies and limits, too. */
  readonly others: readonly LiveListing[]
  /** Why, as `x-baimo-route` tells: `auto; by=value; board=category:code`. */
  readonly how: string
  /** The same without the name, for the record of usage. */
  readonly route: string
  readonly purpose: Extract<Purpose, 'use' | 'exploration'>
}

/** Whose policies bind a request. */
export type Bound = Pick<Principal, 'organisationId' | 'teamId'>

export interface Routing {
  /** Whether routing answers this name: `auto` and its like, where text is asked for. */
  isRouted(name: string, operation: Operation): boolean
  /** `routing_none_live`, `routing_none_fits`. */
  choose(ask: RouteAsk): Promise<Routed>
  /** Which model a name would lead to now, without exploration and caches; null: to none. */
  preview(wish: {
    readonly name: RoutedName
    readonly principal: Principal
    readonly category: string | null
  }): Promise<string | null>
  /**
   * What a name means once policies are kept: of several listings those that they allow. Throws
   * `routing_model_gone` for a model that has left for good.
   */
  bound(found: Resolution, caller: Bound): Resolution
  /** Headers of answers of a model that is retired, names and values in turn; else none. */
  headersOf(modelId: string): readonly string[]
  /** An answer's first byte came after so long. */
  observe(listingId: string, firstByteMs: number, isStream: boolean): void
  /** Whether a listing may be drawn in a battle of the caller's: policies, and who has left. */
  mayBeDrawn(listing: LiveListing, caller: Bound): boolean
  /** Null: not retired. */
  retiredAt(modelId: string): Date | null
  settings(organisationId: OrganisationId): RouteSettings
  setSettings(organisationId: OrganisationId, settings: RouteSettings): Promise<RouteSettings>
  /** Of an organisation: its own first, then its teams'. */
  policies(organisationId: OrganisationId): readonly HeldPolicyView[]
  /** `policy` null takes it away. `teamId` null: the organisation's own. */
  setPolicy(whose: Bound, policy: Policy | null): Promise<void>
  /** What binds a caller: the organisation's, narrowed by the team's. */
  policyOf(caller: Bound): Policy | null
}

export interface HeldPolicyView {
  readonly teamId: TeamId | null
  readonly policy: Policy
  readonly updatedAt: Date
}
