import type { Kysely, Transaction } from 'kysely'
import type pg from 'pg'

/** The folder that holds all that a market keeps, locked by this process until closed. */
export interface Home {
  /** Absolute. All other paths lie below it. */
  readonly path: string
  readonly ownerKeyPath: string
  readonly secretKeyPath: string
  /** Cluster of the embedded PostgreSQL. */
  readonly databasePath: string
  /** Sockets and locks of the running market. */
  readonly runPath: string
  /** Address and pid of the running market, for the command line; absent while none runs. */
  readonly marketPath: string
  /** Gives the lock back. The second call does nothing. */
  close(): void
}

/** The market's database. */
export interface Store {
  readonly kind: 'embedded' | 'external'
  /** Domains narrow it to their own tables: `db.withTables<{ keys: KeysTable }>()`. */
  readonly db: Kysely<unknown>
  /** The raw connections below `db`, for statements that kysely would slow down. */
  readonly pool: pg.Pool
  /** Connections kept for the commit of usage: no other statement can make it wait for one. */
  readonly commitPool: pg.Pool
  /** News between the processes on this database. */
  readonly changes: Changes
  /** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
  transaction<T>(work: (trx: Transaction<unknown>) => Promise<T>): Promise<T>
  /** Such as `18.4`. */
  serverVersion(): Promise<string>
  /** Whether the database answers within two seconds; looked up at most once a second. */
  isHealthy(): Promise<boolean>
  /**
   * Throws `store_disk_full` while the disk of the embedded database has less room than the
   * reserve: what changes something asks first. Of an external one nothing is known here.
   */
  mayWrite(): void
  /** What may still be written on the embedded database's disk; null where that is not known. */
  readonly diskFreeBytes: number | null
  /** Waits for running statements, then stops the embedded server. The second call does nothing. */
  close(): Promise<void>
}

/**
 * What a change is about; its handlers are in the domain of that name. `probe` is nobody's: it
 * finds out whether news arrives.
 */
export type ChangeTopic =
  | 'people'
  | 'catalog'
  | 'limits'
  | 'limits-recall'
  | 'prices'
  | 'routing'
  | 'probe'

/**
 * Short news between the processes on one database, by NOTIFY: for rare events only, as every
 * announcement slows all commits down. Nothing is kept: who was not listening asks the database.
 */
export interface Changes {
  /**
   * Told to every process, this one too, when the transaction of `db` commits; at once without.
   * Whoever changed something acts on it by itself: the news of its own change comes a moment
   * later, and not at all while nothing is heard. `detail` and topic have less than 8,000 bytes.
   */
  announce(db: Kysely<unknown>, topic: ChangeTopic, detail: string): Promise<void>
  /**
   * Hears announcements of a topic, and `onGap` whenever some may have been missed: then what was
   * learnt before must be taken as stale. Returns the way to stop.
   */
  listen(
    topic: ChangeTopic,
    heard: { readonly onChange: (detail: string) => void; readonly onGap: () => void },
  ): () => void
  /**
   * Whether announcements arrive, as far as a look within the last second tells. While it is false
   * nothing that another process may have changed is to be trusted for longer than a second.
   */
  readonly isHearing: boolean
}

/** One forward step of the schema. Its text never changes once it was released. */
export interface Migration {
  /** `NNNN-name`, as the file: the order in which migrations apply. */
  readonly name: string
  /**
   * `expand`: processes of the version before go on beside it, so they may start beside it too.
   * `contract`: it takes away what they use. Absent in those of the first release, which count as
   * `contract`. What each may do is in docs/operating/replicas.md.
   */
  readonly kind?: 'expand' | 'contract'
  /** Plain SQL for PostgreSQL 15 and later; several statements are fine. */
  readonly sql: string
}
