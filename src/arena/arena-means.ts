import type { Kysely } from 'kysely'
import type { BoardLeague, BoardName } from '../boards/index.ts'
import type { CatalogRows, CatalogSnapshot, LiveListing } from '../catalog/index.ts'
import type { Asking, AskWish } from '../gateway/index.ts'
import type { Clock, ListingId, Log, OrganisationId } from '../kernel/index.ts'
import type { Principal } from '../people/index.ts'
import type { Store } from '../store/index.ts'
import type { Lots } from './draw-contestants.ts'
import type { BattleId } from './types.ts'

/** Votes on one pair of models, by their ids. */
export interface PairVotes {
  readonly first: string
  readonly second: string
  /** For the first, for the second, ties, both bad. */
  readonly counts: readonly [number, number, number, number]
}

/** What the arena stands on. `main` gives it these; nothing else is reached. */
export interface ArenaOptions {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly ask: (wish: AskWish) => Asking
  readonly catalog: {
    snapshot(): CatalogSnapshot
    rows(): Pick<CatalogRows, 'models' | 'providers' | 'listings'>
  }
  /** Whether a listing rests after failures. */
  readonly isResting: (id: ListingId) => boolean
  /** Policies of place and retention, retirement: whether a listing may be drawn for a caller. */
  readonly mayBeDrawn: (listing: LiveListing, principal: Principal) => boolean
  /** The counts of a board of an organisation; none where it has no votes. */
  readonly pairVotes: (name: BoardName) => Promise<readonly PairVotes[]>
  /** To be told when a vote is committed. */
  readonly votesMoved: () => void
  /** From now on the usage of these requests is shown. */
  readonly revealUsage: (db: Kysely<unknown>, ids: readonly string[]) => Promise<void>
  /** An amount in the currency of caps; null: no rate is known. */
  readonly convert: (amount: {
    readonly currency: string
    readonly amountPico: bigint
  }) => bigint | null
  /** Numbers from 0 to below 1, drawn evenly. */
  readonly random: () => number
}

/** The same, with what the parts of the arena give each other. */
export interface ArenaMeans extends ArenaOptions {
  readonly drawLots: () => Lots
  readonly isVoted: (db: Kysely<unknown>, id: BattleId) => Promise<boolean>
  /** Shows the usage of a battle. */
  readonly revealBattle: (db: Kysely<unknown>, id: BattleId) => Promise<void>
}

export interface PoolWish {
  readonly principal: Principal
  readonly organisationId: OrganisationId
  readonly league: BoardLeague | null
}
