import { type Clock, type Log, newId } from '../kernel/index.ts'
import type { Metrics } from '../metering/index.ts'
import type { Store } from '../store/index.ts'
import type { Counter, Drawn, Need } from './decide-waiting.ts'
import { Leaser } from './leaser.ts'
import { needsOf, Register } from './register.ts'
import { type LimitsAdmin, type LimitsAdminMeans, openLimitsAdmin } from './service-admin.ts'
import { shapeHeaders } from './shape-headers.ts'
import { deleteLapsed, deleteOrphans, loadAllLimits, takeLeases } from './store.ts'
import {
  LARGEST_LIMIT,
  type LimitedCaller,
  type LimitHold,
  type TakeLimits,
  type Timing,
} from './types.ts'

export interface LimitsOptions extends Pick<LimitsAdminMeans, 'mayLimit'> {
  readonly store: Pick<Store, 'db' | 'pool' | 'transaction' | 'changes'>
  readonly clock: Clock
  readonly log: Log
  /** Absent: nothing is counted for /metrics. */
  readonly metrics?: Metrics
  /** For tests: a shorter minute. All processes on a database must have the same. */
  readonly timing?: Partial<Timing>
}

export interface LimitsService extends LimitsAdmin {
  readonly take: TakeLimits
  /** Gives back what is leased and not used. Call it when no request runs any more. */
  close(): Promise<void>
}

export const usualTiming: Timing = {
  windowMs: 60_000,
  openMs: 1_000,
  placeLeaseMs: 15_000,
  placeRenewMs: 5_000,
  reportMs: 800,
  recallWaitMs: 12,
  recallPauseMs: 100,
  refusalMs: 30,
  patienceMs: 2_000,
}

/** While announcements are not heard, limits are looked up again this often. */
const LOOK_MS = 500
const CLEAN_MS = 60_000

/** Limits over a store, loaded; kept up to date by its news until closed. */
export async function openLimits(options: LimitsOptions): Promise<LimitsService> {
  const { store, clock } = options
  const timing: Timing = { ...usualTiming, ...options.timing }
  const processId = newId()
  const busy = new Set<Counter>()
  const register = new Register({ timing, busy, newId })
  const meters = openMeters(options.metrics)
  let sequence = 0
  const leaser = new Leaser({
    send: (asks, reports) => {
      sequence += 1
      meters.asked()
      return takeLeases(store.pool, { processId, sequence, timing }, { asks, reports })
    },
    busy,
    recall: (counter) => recall(options, processId, counter),
    isHearing: () => store.changes.isHearing,
    refused: meters.refused,
    newId,
    clock,
    log: options.log,
    timing,
  })
  meters.watch(leaser)

  const reload = shareRuns(async () => {
    for (const counter of register.replace(await loadAllLimits(store.db))) leaser.giveBack(counter)
  })
  const stops = [
    listenToRecalls(options, { processId, register, leaser }),
    await keepFresh(options, reload),
  ]

  const reloadAfter = async <T>(change: Promise<T>): Promise<T> => {
    const done = await change
    await reload()
    return done
  }
  const take: TakeLimits = (caller, tokens) => {
    const counters = register.countersOf(caller)
    if (counters.length === 0) return null
    const amount = wholeTokens(tokens)
    const drawn = leaser.take(needsOf(counters, amount))
    const means: HoldMeans = { leaser, counters, clock, windowMs: timing.windowMs }
    if (!(drawn instanceof Promise)) return new Hold(means, drawn)
    return drawn.then((got) => (got === null ? takeAnew(caller, tokens) : new Hold(means, got)))
  }
  const takeAnew = async (caller: LimitedCaller, tokens: number): Promise<LimitHold | null> => {
    await reload()
    return take(caller, tokens)
  }

  const admin = openLimitsAdmin(options)
  return {
    ...admin,
    // Who sets a limit finds it set in this process; others hear of it.
    set: (caller, holder, limits) => reloadAfter(admin.set(caller, holder, limits)),
    remove: (caller, holder) => reloadAfter(admin.remove(caller, holder)),
    take,
    async close() {
      for (const stop of stops) stop()
      await leaser.close()
    },
  }
}

/** Loads now, and again on news, on a gap in them, and while none can arrive. */
async function keepFresh(options: LimitsOptions, reload: () => Promise<void>): Promise<() => void> {
  const { store, log } = options
  let isFailing = false
  const look = (): void => {
    reload().then(
      () => {
        isFailing = false
      },
      (error: unknown) => {
        if (!isFailing) log.warn({ reason: String(error) }, 'changes of limits are not seen')
        isFailing = true
      },
    )
  }
  const stop = store.changes.listen('limits', { onChange: look, onGap: look })
  await reload()
  const looking = setInterval(() => {
    if (isFailing || !store.changes.isHearing) look()
  }, LOOK_MS).unref()
  const cleaning = setInterval(() => {
    cleanLimits(store).catch((error: unknown) => {
      log.debug({ reason: String(error) }, 'lapsed leases of limits stay for now')
    })
  }, CLEAN_MS).unref()
  return () => {
    stop()
    clearInterval(looking)
    clearInterval(cleaning)
  }
}

/** Removes what lapsed, and the limits of who is gone. */
export async function cleanLimits(store: LimitsOptions['store']): Promise<void> {
  await deleteLapsed(store.pool)
  await store.transaction(async (trx) => {
    if ((await deleteOrphans(trx)) > 0) await store.changes.announce(trx, 'limits', 'cleaned')
  })
}

function recall({ store, log }: LimitsOptions, processId: string, counter: Counter): void {
  const detail = `${processId} ${counter.limitId} ${counter.metric}`
  store.changes.announce(store.db, 'limits-recall', detail).catch((error: unknown) => {
    log.debug({ reason: String(error) }, 'leases of a limit could not be asked back')
  })
}

function listenToRecalls(
  { store }: LimitsOptions,
  own: { readonly processId: string; readonly register: Register; readonly leaser: Leaser },
): () => void {
  return store.changes.listen('limits-recall', {
    onChange: (detail) => {
      const [processId = '', limitId = '', metric = ''] = detail.split(' ')
      if (processId === own.processId) return
      const counter = own.register.find(limitId, metric)
      if (counter !== undefined) own.leaser.giveBack(counter)
    },
    onGap: () => {}, // who asked has been answered by now
  })
}

/** Runs `work`; who calls while it runs gets the run after it, which sees what they know of. */
function shareRuns(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  let next: Promise<void> | null = null
  const start = (): Promise<void> => {
    running = work().finally(() => {
      running = null
    })
    return running
  }
  return () => {
    if (running === null) return start()
    next ??= running
      .catch(() => {}) // who started it has the error
      .then(() => {
        next = null
        return start()
      })
    return next
  }
}

interface HoldMeans {
  readonly leaser: Leaser
  readonly counters: readonly Counter[]
  readonly clock: Clock
  readonly windowMs: number
}

class Hold implements LimitHold {
  readonly #means: HoldMeans
  readonly #drawn: readonly Drawn[]
  #isSettled = false

  constructor(means: HoldMeans, drawn: readonly Drawn[]) {
    this.#means = means
    this.#drawn = drawn
  }

  /** As it is when it is read, so that the answer says what is left then. */
  get headers(): Readonly<Record<string, string>> {
    const { counters, clock, windowMs } = this.#means
    return shapeHeaders(counters, { nowMs: clock.monotonicMs(), windowMs })
  }

  settle(tokens: number): void {
    if (this.#isSettled) return
    this.#isSettled = true
    const { leaser, counters } = this.#means
    leaser.settle(counters, this.#drawn, wholeTokens(tokens))
  }

  cancel(): void {
    if (this.#isSettled) return
    this.#isSettled = true
    const { leaser, counters } = this.#means
    leaser.cancel(counters, this.#drawn)
  }
}

/** What came from outside as a count: nothing that a provider or a client says may throw here. */
function wholeTokens(tokens: number): number {
  return tokens > 0 ? Math.min(Math.ceil(tokens), LARGEST_LIMIT) : 0
}

interface Meters {
  asked(): void
  refused(need: Need): void
  watch(leaser: Leaser): void
}

function openMeters(metrics: Metrics | undefined): Meters {
  const refusals = metrics?.counter(
    'baimo_limit_refusals_total',
    'Requests that a limit refused.',
    ['holder_kind', 'metric'],
  )
  const statements = metrics?.counter(
    'baimo_limit_statements_total',
    'Statements that leased or reported parts of limits.',
  )
  return {
    asked: () => statements?.add(),
    refused: ({ counter }) => refusals?.with(counter.holder.kind, counter.metric).add(),
    watch: (leaser) =>
      metrics?.gaugeFrom(
        'baimo_limit_leased',
        'Parts of limits that this process has leased and not used.',
        () => leaser.leased,
      ),
  }
}
