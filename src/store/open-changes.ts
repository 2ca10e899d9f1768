// edge: talks to PostgreSQL
import { setTimeout as sleep } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import type pg from 'pg'
import { assert, type Log } from '../kernel/index.ts'
import { encodeChange, openHandlers } from './change-handlers.ts'
import { newClient } from './open-pool.ts'
import { trackSockets } from './sockets.ts'
import type { Changes } from './types.ts'
import type { Look } from './watch-silence.ts'

const CHANNEL = 'baimo_changes'
/** Between two looks at the connection. */
const LOOK_EVERY_MS = 500
const LOOK_LIMIT_MS = 1_000
/** How long one look is good for. */
const HEARING_MS = 1_000
const CONNECT_LIMIT_MS = 1_500
const FIRST_RETRY_MS = 50
const LONGEST_RETRY_MS = 1_000
const GOODBYE_LIMIT_MS = 500

export interface ChangesOptions {
  readonly connection: pg.ClientConfig
  readonly log: Log
  /** Told what each look, or each try to connect, found. */
  readonly onLook: (found: Look) => void
}

export interface OpenChanges extends Changes {
  close(): Promise<void>
}

/**
 * Listens on a connection of its own, which is looked at twice a second and made anew when it is
 * lost. Resolves once it listens; rejects when the first connection cannot be made.
 */
export async function openChanges(options: ChangesOptions): Promise<OpenChanges> {
  const { log, onLook } = options
  const handlers = openHandlers(log)
  const { signal, abort } = abortable()
  const line = await connect(options, handlers.tell)
  const state = { line, lastWellMs: performance.now() }
  const isHearing = (): boolean => performance.now() - state.lastWellMs <= HEARING_MS

  /** Looks until the connection is lost, or the end. */
  async function keepLooking(): Promise<void> {
    while (!signal.aborted) {
      const beganMs = performance.now()
      const found = await look(state.line.client)
      if (signal.aborted) return
      onLook(found)
      if (found !== 'well') return
      // To a process that stood still news comes late: what it kept meanwhile may be stale.
      const wasDoubtful = !isHearing()
      state.lastWellMs = beganMs
      if (wasDoubtful) handlers.tellGap()
      await pause(LOOK_EVERY_MS, state.line.lost)
    }
  }

  async function connectAnew(): Promise<void> {
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_RETRY_MS)) {
      await pause(waitMs, signal)
      if (signal.aborted) return
      const beganMs = performance.now()
      try {
        state.line = await connect(options, handlers.tell)
        state.lastWellMs = beganMs
        return
      } catch (error) {
        onLook(lookOf(error))
      }
    }
  }

  async function run(): Promise<void> {
    for (;;) {
      await keepLooking()
      await state.line.end()
      if (signal.aborted) return
      state.lastWellMs = Number.NEGATIVE_INFINITY
      log.warn({}, 'changes of other processes are not heard: connecting anew')
      await connectAnew()
      if (signal.aborted) continue
      log.warn({}, 'changes of other processes are heard again')
      handlers.tellGap()
    }
  }
  const running = run()

  return {
    announce: (db, topic, detail) => announce(db, encodeChange(topic, detail)),
    listen: handlers.listen,
    get isHearing() {
      return isHearing()
    },
    async close() {
      abort()
      await state.line.end()
      await running
    },
  }
}

function abortable(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}

async function announce(db: Kysely<unknown>, payload: string | null): Promise<void> {
  assert(payload !== null, 'store: an announcement has less than 8,000 bytes')
  await sql`select pg_notify(${CHANNEL}, ${payload})`.execute(db)
}

/** A connection that listens. */
interface Line {
  readonly client: pg.Client
  /** Aborted when it has ended, whoever ended it. */
  readonly lost: AbortSignal
  /** Ends it, be it that nobody answers any more. */
  end(): Promise<void>
}

async function connect(
  { connection }: ChangesOptions,
  tell: (payload: string) => void,
): Promise<Line> {
  const sockets = trackSockets()
  const client = newClient({
    keepAlive: true,
    ...connection,
    application_name: 'baimo listen',
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    stream: sockets.open,
  })
  const lost = abortable()
  client.once('end', lost.abort)
  client.on('notification', ({ payload }) => tell(payload ?? ''))
  const end = async (): Promise<void> => {
    await within(GOODBYE_LIMIT_MS, client.end()).catch(() => {}) // nobody to say goodbye to
    sockets.cut('no longer needed')
  }
  try {
    await client.connect()
    await within(LOOK_LIMIT_MS, client.query(`listen ${CHANNEL}`))
    await demandWritable(client)
    return { client, lost: lost.signal, end }
  } catch (error) {
    await end()
    throw error
  }
}

/** One statement: what was announced before it was answered has arrived before the answer. */
async function look(client: pg.Client): Promise<Look> {
  return demandWritable(client).then(() => 'well' as const, lookOf)
}

/** On a server that takes no writes nothing is announced either: others may go on elsewhere. */
async function demandWritable(client: pg.Client): Promise<void> {
  const asking = client.query("select current_setting('transaction_read_only') as read_only")
  const { rows } = await within(LOOK_LIMIT_MS, asking)
  if (rows[0].read_only === 'on') throw new Unheard('read-only')
}

/** Why a connection is not to be relied on. */
class Unheard extends Error {
  readonly look: Look

  constructor(look: Look) {
    super(`the database is ${look}`)
    this.look = look
  }
}

function lookOf(error: unknown): Look {
  if (error instanceof Unheard) return error.look
  // The pg library's words for a connection that was not made in time.
  return error instanceof Error && error.message === 'timeout expired' ? 'silent' : 'lost'
}

/** Rejects as `silent`, but not because this process itself stood still with the answer there. */
async function within<T>(limitMs: number, answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => setImmediate(() => late.reject(new Unheard('silent'))), limitMs)
  const ignore = (): void => {}
  answer.catch(ignore) // it may end later, when nobody waits for it any more
  try {
    return await Promise.race([answer, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** Ends early, and in peace, when the signal says so. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const ended = (): void => {}
  await sleep(ms, undefined, { signal, ref: false }).then(ended, ended)
}
