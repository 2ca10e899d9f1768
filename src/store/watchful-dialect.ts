// edge: talks to PostgreSQL
import {
  type DatabaseConnection,
  type Driver,
  PostgresDialect,
  type PostgresDialectConfig,
  PostgresDriver,
} from 'kysely'
import type { Log } from '../kernel/index.ts'
import { type DiskRoom, refuseFullDisk } from './disk-room.ts'
import { refuse } from './errors.ts'
import { isAway, isBroken, isBusy, isDiskFull, isReadOnly } from './is-away.ts'

/** Knows whether the database answers, from the statements themselves. */
export interface DatabaseWatch {
  /** A statement was answered, be it with an error. */
  answered(): void
  /**
   * What to throw instead: `store_database_away`, `store_disk_full`, `store_database_busy`,
   * `store_database_read_only`, `store_database_broken`, or the error itself.
   */
  judge(error: unknown): unknown
  /** What to throw where no connection could be had, for whatever reason. */
  judgeConnection(error: unknown): unknown
  /** Throws what `judge` would while the database is known to say nothing. */
  refuseSilent(): void
}

export interface WatchOptions {
  readonly log: Log
  readonly room: DiskRoom
  /** Whether the database is known to say nothing. */
  readonly isSilent: () => boolean
}

/** Logs the beginning and the end of an outage, once each. */
export function watchDatabase({ log, room, isSilent }: WatchOptions): DatabaseWatch {
  let isOut = false
  const answered = (): void => {
    if (!isOut) return
    isOut = false
    log.info({}, 'the database answers again')
  }
  const awayBecause = (error: unknown): Error => {
    const reason = error instanceof Error ? error.message : String(error)
    if (!isOut) log.error({ reason }, 'the database does not answer')
    isOut = true
    // PostgreSQL ends where it cannot write its log: then this is what the owner must know.
    if (room.isFull) return refuseFullDisk('The disk of the database', error)
    return refuse('store_database_away', 'The database does not answer. Try again in a moment.', {
      cause: error,
      retryAfterSeconds: 2,
    })
  }
  return {
    answered,
    judge(error) {
      if (isAway(error)) return awayBecause(error)
      answered()
      if (isBusy(error)) return refuseBusy(error)
      if (isBroken(error)) return refuseBroken(error)
      if (isReadOnly(error)) return refuseReadOnly(error)
      if (!isDiskFull(error)) return error
      void room.look()
      return refuseFullDisk('The disk of the database', error)
    },
    judgeConnection: awayBecause,
    refuseSilent() {
      if (isSilent()) throw awayBecause(new Error('it has said nothing for two seconds'))
    },
  }
}

function refuseBusy(cause: unknown): Error {
  const message = 'The database took too long, or others were in the way. Try again in a moment.'
  return refuse('store_database_busy', message, { cause, retryAfterSeconds: 2 })
}

function refuseBroken(cause: unknown): Error {
  const message = 'The database cannot read its own files. Look at its log, or restore its folder.'
  return refuse('store_database_broken', message, { cause, retryAfterSeconds: 10 })
}

function refuseReadOnly(cause: unknown): Error {
  const message = 'The database takes no writes just now: it is read-only. Try again in a moment.'
  return refuse('store_database_read_only', message, { cause, retryAfterSeconds: 5 })
}

/** PostgreSQL's dialect; what a lost database throws becomes a refusal that can be tried again. */
export class WatchfulDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig
  readonly #watch: DatabaseWatch

  constructor(config: PostgresDialectConfig, watch: DatabaseWatch) {
    super(config)
    this.#config = config
    this.#watch = watch
  }

  override createDriver(): Driver {
    return new WatchfulDriver(this.#config, this.#watch)
  }
}

class WatchfulDriver extends PostgresDriver {
  readonly #watch: DatabaseWatch
  readonly #watched = new WeakSet<DatabaseConnection>()

  constructor(config: PostgresDialectConfig, watch: DatabaseWatch) {
    super(config)
    this.#watch = watch
  }

  override async acquireConnection(
    ...args: Parameters<PostgresDriver['acquireConnection']>
  ): Promise<DatabaseConnection> {
    this.#watch.refuseSilent()
    const connection = await this.#acquired(super.acquireConnection(...args))
    if (!this.#watched.has(connection)) this.#watchOver(connection)
    return connection
  }

  #watchOver(connection: DatabaseConnection): void {
    this.#watched.add(connection)
    const execute = connection.executeQuery.bind(connection)
    connection.executeQuery = (...args) => this.#judged(execute(...args)) as Promise<never>
  }

  async #acquired(connection: Promise<DatabaseConnection>): Promise<DatabaseConnection> {
    try {
      return await connection
    } catch (error) {
      throw this.#watch.judgeConnection(error)
    }
  }

  async #judged<T>(answer: Promise<T>): Promise<T> {
    try {
      const result = await answer
      this.#watch.answered()
      return result
    } catch (error) {
      throw this.#watch.judge(error)
    }
  }
}
