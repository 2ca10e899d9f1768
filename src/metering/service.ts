import { setTimeout as pause } from 'node:timers/promises'
import type { ClientBase } from 'pg'
import { type Clock, isUuid, type Log, systemClock } from '../kernel/index.ts'
import type { Principal } from '../people/index.ts'
import { isDiskFull, refuseFullDisk, type Store } from '../store/index.ts'
import { boundSpan, type Span } from './bound-span.ts'
import { refuse } from './errors.ts'
import { type GivenUp, GroupCommit } from './group-commit.ts'
import { commitUsage, selectUsage, selectUsageById, type UsageRow } from './store.ts'
import { selectTotals, type TotalsBy, type TotalsRow } from './store-totals.ts'
import type { Usage } from './types.ts'

/** Rows in one insert: beyond this a statement grows slower than two. */
const MAX_GROUP = 1_000
const LONGEST_RETRY_MS = 1_000
/**
 * While the oldest record has waited longer, or more of them wait, nothing new is dispatched. A
 * write that failed says at once that the database is away. Silence says so only after a while: a
 * busy disk holds a commit up for a second and more, and so does a busy machine the reading of its
 * answer.
 */
const LONGEST_PENDING_MS = 3_000
const LONGEST_PENDING_AFTER_FAILURE_MS = 500
const MAX_PENDING = 10_000

export interface UsageQuery {
  readonly keyId: string | null
  readonly modelId: string | null
  /** Absent or null: whatever came of it. */
  readonly outcome?: string | null
  readonly since: Date | null
  readonly until: Date | null
  readonly cursor: string | null
  readonly limit: number
}

export interface TotalsQuery extends Omit<UsageQuery, 'cursor' | 'limit'> {
  readonly by: TotalsBy | null
}

export interface Metering {
  /**
   * Resolves once the record is committed. Refuses with `metering_unavailable` when that takes
   * longer than `timeoutMs`; the record is not forgotten then: it is committed as soon as the
   * database answers again, once. Refuses with `metering_record_refused` when the database can
   * never take the record.
   */
  record(usage: Usage, timeoutMs: number): Promise<void>
  /**
   * Refuses with `metering_unavailable` while records cannot be committed: what would be answered
   * now could not be recorded either.
   */
  mayDispatch(): void
  /** Records that are not committed yet. */
  readonly pendingCount: number
  /** Resolves when every record given so far is committed, or after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>
  /**
   * Drains, then ends. What could not be committed by then is logged, each record whole, and this
   * rejects with `metering_unavailable`.
   */
  close(timeoutMs: number): Promise<void>
  /** A page of the caller's usage, newest first: an admin's organisation, a member's own. */
  list(
    caller: Principal,
    query: UsageQuery,
  ): Promise<{ rows: UsageRow[]; nextCursor: string | null }>
  /**
   * Sums over the caller's usage, an admin's organisation, a member's own, and the time that they
   * are of: see `boundSpan`. Refuses with `metering_span_too_long`.
   */
  totals(caller: Principal, query: TotalsQuery): Promise<{ rows: TotalsRow[]; span: Span }>
  /** One record by its request id; `metering_usage_unknown` when it is not open to the caller. */
  get(caller: Principal, id: string): Promise<UsageRow>
}

export interface MeteringOptions {
  readonly store: Store
  readonly log: Log
  /** Absent: the machine's. */
  readonly clock?: Clock
  /** What else is written with a group, in its transaction. It must bear to be repeated. */
  readonly alsoCommit?: (client: ClientBase, records: readonly Usage[]) => Promise<void>
}

/** Metering over a store. */
export function openMetering(options: MeteringOptions): Metering {
  const { store, log, clock = systemClock } = options
  let failure: unknown = null
  const commits = new GroupCommit<Usage>({
    maxGroup: MAX_GROUP,
    wait: (attempt) => pause(Math.min(25 * 2 ** attempt, LONGEST_RETRY_MS)).then(() => undefined),
    write: async (records) => {
      try {
        const givenUp = await commit(options, records)
        failure = null
        return givenUp
      } catch (error) {
        failure = error
        throw error
      }
    },
    nowMs: () => clock.monotonicMs(),
    after: (delayMs, call) => void setTimeout(call, delayMs).unref(),
    endOfTurn: (call) => void setImmediate(call),
    lateError: () => unavailable('Usage could not be recorded. Try again.', failure),
  })
  const drain = (timeoutMs: number): Promise<void> =>
    Promise.race([commits.drain(), pause(timeoutMs, undefined, { ref: false })])
  return {
    record: (usage, timeoutMs) => commits.add(usage, timeoutMs),
    mayDispatch() {
      const longestMs = failure === null ? LONGEST_PENDING_MS : LONGEST_PENDING_AFTER_FAILURE_MS
      if (commits.oldestAgeMs > longestMs || commits.pendingCount > MAX_PENDING)
        throw unavailable('Nothing is asked of a model until usage can be recorded again.', failure)
    },
    get pendingCount() {
      return commits.pendingCount
    },
    drain,
    async close(timeoutMs) {
      await drain(timeoutMs)
      commits.stop()
      const lost = commits.pending
      for (const usage of lost) log.error({ usage }, 'usage record lost: not committed by the end')
      if (lost.length > 0) throw unavailable(`Records lost by the end: ${lost.length}.`)
    },
    list: (caller, query) => listUsage(store, caller, query),
    async totals(caller, query) {
      const span = boundSpan(query, clock.nowMs())
      return { rows: await selectTotals(store, { ...visible(caller), ...query, ...span }), span }
    },
    get: (caller, id) => getUsage(store, caller, id),
  }
}

/** What the last write failed with says why: a full disk is somebody's to mend. */
function unavailable(consequence: string, failure: unknown = null): Error {
  if (isDiskFull(failure)) return refuseFullDisk(`${consequence} The disk of the database`, failure)
  const message = `The database does not answer. ${consequence}`
  return refuse('metering_unavailable', message, { retryAfterSeconds: 2 })
}

/**
 * Commits a group. One record that the database can never take (a bug of ours) must not hold up
 * all others for ever: the others are committed one by one, and it is logged whole, as it holds no
 * secret, and given up.
 */
async function commit(
  options: MeteringOptions,
  records: readonly Usage[],
): Promise<GivenUp<Usage>> {
  const { store, log, alsoCommit } = options
  try {
    await commitUsage(store.commitPool, records, alsoCommit)
    return new Map()
  } catch (error) {
    if (!isDataError(error)) {
      log.error({ error: String(error), records: records.length }, 'usage not committed, retrying')
      throw error
    }
    const [usage] = records
    if (records.length === 1 && usage !== undefined) {
      log.error({ error: String(error), usage }, 'usage record given up: bad data')
      const message = 'The usage record was refused by the database. Tell the operator.'
      return new Map([[usage, refuse('metering_record_refused', message, { cause: error })]])
    }
    const givenUp = new Map<Usage, Error>()
    for (const record of records)
      for (const [item, reason] of await commit(options, [record])) givenUp.set(item, reason)
    return givenUp
  }
}

/** SQLSTATE classes 22 (data exception) and 23 (constraint): the same data fails again. */
function isDataError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^2[23]/.test(code)
}

/** Null where the caller may see the whole organisation's usage. */
function visibleSubject(caller: Principal): string | null {
  return caller.role === 'member' ? caller.subjectId : null
}

/** Null where the caller may see the usage of other keys: with the scope `usage`, or unlimited. */
function visibleKey({ scopes, keyId }: Principal): string | null {
  return scopes === null || scopes.includes('usage') ? null : keyId
}

/** What of the organisation's usage a caller may see. */
function visible(caller: Principal) {
  return {
    organisationId: caller.organisationId,
    subjectId: visibleSubject(caller),
    ownKeyId: visibleKey(caller),
  }
}

async function listUsage(store: Store, caller: Principal, query: UsageQuery) {
  if (query.cursor !== null && !isUuid(query.cursor)) {
    throw refuse('metering_cursor_invalid', 'The cursor is not one this list gave.', {
      param: 'cursor',
    })
  }
  const rows = await selectUsage(store, {
    ...visible(caller),
    keyId: query.keyId,
    modelId: query.modelId,
    outcome: query.outcome ?? null,
    since: query.since,
    until: query.until,
    beforeId: query.cursor,
    limit: query.limit + 1,
  })
  const page = rows.slice(0, query.limit)
  return { rows: page, nextCursor: rows.length > query.limit ? (page.at(-1)?.id ?? null) : null }
}

async function getUsage(store: Store, caller: Principal, id: string): Promise<UsageRow> {
  const row = isUuid(id)
    ? await selectUsageById(store, {
        id,
        ...visible(caller),
      })
    : undefined
  if (row === undefined) {
    throw refuse(
      'metering_usage_unknown',
      `No usage of request "${id.slice(0, 64)}" is open to you.`,
    )
  }
  return row
}
