import type { LiveListing, Openness } from '../catalog/index.ts'
import type { ClaimStatus } from '../ratings/index.ts'
import type { Standing } from './types.ts'

/** Names that routing answers, each with what it looks for. */
export const ROUTED_NAMES = ['auto', 'auto:cheap', 'auto:fast', 'auto:open'] as const
export type RoutedName = (typeof ROUTED_NAMES)[number]

/** A model on a board, as far as it decides. Points; null: it has no votes there. */
export interface RatedModel {
  readonly island: number
  readonly rating: number | null
  /** The 95 % interval. */
  readonly low: number | null
  readonly high: number | null
  readonly votes: number
}

/** A board as routing reads it: by the name of a model. */
export interface RouteBoard {
  readonly slice: string
  readonly models: ReadonlyMap<string, RatedModel>
  /** Expected share of wins against a rated model of the board drawn evenly; see `winShares`. */
  readonly shares: ReadonlyMap<string, number>
  /** Of `better` over `worse`; null: the board does not compare them. */
  claim(better: string, worse: string): ClaimStatus | null
}

/** A listing that may answer one request. */
export interface RouteCandidate {
  readonly listing: LiveListing
  /** Of the typical request, in the owner's currency; null: unknown. */
  readonly price: number | null
  /** Median of the last answers, in milliseconds; null: none was measured. */
  readonly firstByteMs: number | null
  readonly standing: Standing
}

/** What the owner of an organisation set for its routes. Amounts in the owner's currency. */
export interface RouteSettings {
  /** Share of requests to `auto` that go where votes are needed; 0: none does. */
  readonly explorationShare: number
  /** Of the typical request; null: no limit. */
  readonly mostPrice: number | null
  /** Of the median wait for the first byte; null: no limit. */
  readonly mostFirstByteMs: number | null
  /** What it is worth that the preferred answer is given; null: 0.05 US dollars. */
  readonly winValue: number | null
}

export const DEFAULT_ROUTES: RouteSettings = {
  explorationShare: 0.05,
  mostPrice: null,
  mostFirstByteMs: null,
  winValue: null,
}

/**
 * Why a listing was chosen. `certified`: its lead is; `value`: its expected value is best; `price`,
 * `latency`: it is the cheapest, or the quickest; `order`: nothing is known, so the catalog's
 * order; `only`: no other fits; `cache`: it answered this conversation lately; `exploration`: the
 * verdict needs to know more of it.
 */
export type RouteReason =
  | 'certified'
  | 'value'
  | 'price'
  | 'latency'
  | 'order'
  | 'only'
  | 'cache'
  | 'exploration'

export interface RouteChoice {
  /** The chosen one first, then those that may stand in for it, best first. */
  readonly order: readonly RouteCandidate[]
  readonly reason: RouteReason
  /** The slice of the board that decided; null: none did. */
  readonly slice: string | null
}

/** Where requests of an organisation, or of a team in it, may go. Nothing set: anywhere. */
export interface Policy {
  /** Countries, `EU`, `this-machine`, `own-network`; null: anywhere. */
  readonly places: readonly string[] | null
  /** Only where nothing of a request is kept. */
  readonly isWithoutRetention: boolean
  /** Only where nobody trains on requests unless their sender agrees. */
  readonly isWithoutTraining: boolean
  /** At least so open; null: as closed as can be. */
  readonly leastOpenness: Openness | null
}

export const OPEN_POLICY: Policy = {
  places: null,
  isWithoutRetention: false,
  isWithoutTraining: false,
  leastOpenness: null,
}

/** What is known of a listing that policies ask for; null: unknown. */
export interface ListingFacts {
  readonly place: string | null
  readonly retentionDays: number | 'unlimited' | null
  readonly trainingUse: string | null
  readonly openness: Openness | null
}
