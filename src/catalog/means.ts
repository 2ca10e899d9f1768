import type { Clock, Log } from '../kernel/index.ts'
import type { Store } from '../store/index.ts'
import type { Database } from './store-load.ts'
import type {
  CatalogEngine,
  CatalogRows,
  CatalogSnapshot,
  CatalogUpstream,
  SecretBox,
} from './types.ts'

export interface CatalogOptions {
  readonly store: Pick<Store, 'db' | 'transaction' | 'changes'>
  readonly secrets: SecretBox
  readonly clock: Clock
  readonly log: Log
  readonly upstream: CatalogUpstream
  /** Null: no model files on this machine. */
  readonly engine: CatalogEngine | null
  /** This market's name for itself, all its processes alike; absent: it has none. */
  readonly marketId?: string
  /** Whether nothing but listings that are on may be asked over the network. */
  readonly isOffline: boolean
}

/** What the catalog's services work with. */
export interface Means extends CatalogOptions {
  /** The rows behind the snapshot. */
  rows(): CatalogRows
  snapshot(): CatalogSnapshot
  /**
   * Runs a change in one transaction that no other change overlaps, with the rows as they are
   * before it, and rebuilds the snapshot once it has committed.
   */
  change<T>(work: (db: Database, rows: CatalogRows) => Promise<T>): Promise<T>
}
