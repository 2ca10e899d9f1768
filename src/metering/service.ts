import { setTimeout as pause } from 'node:timers/promises'
import { isUuid, type Log } from '../kernel/index.ts'
import type { Principal } from '../people/index.ts'
import type { Store } from '../store/index.ts'
import { refuse } from './errors.ts'
import { GroupCommit } from './group-commit.ts'
import { insertUsage, selectUsage, selectUsageById, type UsageRow } from './store.ts'
import type { Usage } from './types.ts'

/** Rows in one insert: beyond this a statement grows slower than two. */
const MAX_GROUP = 1_000
const LONGEST_RETRY_MS = 1_000

export interface UsageQuery {
  readonly keyId: string | null
  readonly modelId: string | null
  readonly since: Date | null
  readonly until: Date | null
  readonly cursor: string | null
  readonly limit: number
}

export interface Metering {
  /**
   * Resolves once the record is committed. Refuses with `metering_unavailable` when that takes
   * longer than `timeoutMs`; the record is not forgotten then: it is committed as soon as the
   * database answers again, once.
   */
  record(usage: Usage, timeoutMs: number): Promise<void>
  /** Records that are not committed yet. */
  readonly pendingCount: number
  /** Resolves when every record given so far is committed, or after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>
  /** A page of the caller's usage, newest first: an admin's organisation, a member's own. */
  list(
    caller: Principal,
    query: UsageQuery,
  ): Promise<{ rows: UsageRow[]; nextCursor: string | null }>
  /** One record by its request id; `metering_usage_unknown` when it is not open to the caller. */
  get(caller: Principal, id: string): Promise<UsageRow>
}

/** Metering over a store. */
export function openMetering(options: { readonly store: Store; readonly log: Log }): Metering {
  const { store, log } = options
  const commits = new GroupCommit<Usage>({
    maxGroup: MAX_GROUP,
    wait: (attempt) => pause(Math.min(25 * 2 ** attempt, LONGEST_RETRY_MS)).then(() => undefined),
    write: (records) => commit(store, records, log),
  })
  return {
    record: (usage, timeoutMs) => within(commits.add(usage), timeoutMs),
    get pendingCount() {
      return commits.pendingCount
    },
    drain: (timeoutMs) =>
      Promise.race([commits.drain(), pause(timeoutMs, undefined, { ref: false })]),
    list: (caller, query) => listUsage(store, caller, query),
    get: (caller, id) => getUsage(store, caller, id),
  }
}

/**
 * Commits a group. One record that the database can never take (a bug of ours) must not hold up
 * all others for ever: it is logged whole, as it holds no secret, and given up.
 */
async function commit(store: Store, records: readonly Usage[], log: Log): Promise<void> {
  try {
    await insertUsage(store.pool, records)
  } catch (error) {
    if (!isDataError(error)) {
      log.error({ error: String(error), records: records.length }, 'usage not committed, retrying')
      throw error
    }
    if (records.length === 1) {
      log.error({ error: String(error), usage: records[0] }, 'usage record given up: bad data')
      return
    }
    for (const record of records) await commit(store, [record], log)
  }
}

/** SQLSTATE classes 22 (data exception) and 23 (constraint): the same data fails again. */
function isDataError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^2[23]/.test(code)
}

function within(committed: Promise<void>, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const message = 'The database does not answer, so usage could not be recorded. Try again.'
      reject(refuse('metering_unavailable', message, { retryAfterSeconds: 2 }))
    }, timeoutMs)
    void committed.then(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** Null where the caller may see the whole organisation's usage. */
function visibleSubject(caller: Principal): string | null {
  return caller.role === 'member' ? caller.subjectId : null
}

async function listUsage(store: Store, caller: Principal, query: UsageQuery) {
  if (query.cursor !== null && !isUuid(query.cursor)) {
    throw refuse('metering_cursor_invalid', 'The cursor is not one this list gave.', {
      param: 'cursor',
    })
  }
  const rows = await selectUsage(store, {
    organisationId: caller.organisationId,
    subjectId: visibleSubject(caller),
    keyId: query.keyId,
    modelId: query.modelId,
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
        organisationId: caller.organisationId,
        subjectId: visibleSubject(caller),
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
