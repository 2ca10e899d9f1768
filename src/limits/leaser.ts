// edge: waits by the process's timer
import type { Clock, Log, Refusal } from '../kernel/index.ts'
import {
  type Counter,
  type Drawn,
  drawAll,
  judgeWaiting,
  type Need,
  planAsks,
} from './decide-waiting.ts'
import { refuseLacking, refuseTooLarge, refuseUnavailable } from './refuse-limit.ts'
import type { Ask, Grant, Report, Timing } from './types.ts'

export interface LeaserParts {
  /** One statement: books reports, answers asks in their order. */
  readonly send: (asks: readonly Ask[], reports: readonly Report[]) => Promise<readonly Grant[]>
  /** Asks the other processes for what they do not use of a counter. */
  readonly recall: (counter: Counter) => void
  /** Whether others hear it, and are heard. */
  readonly isHearing: () => boolean
  readonly refused: (need: Need) => void
  readonly newId: () => string
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly log: Log
  readonly timing: Timing
}

/** A request that waits for what it needs. */
interface Waiting {
  readonly needs: readonly Need[]
  readonly sinceMs: number
  /** Not asked again before: the others are giving back. */
  readyMs: number
  hasRecalled: boolean
  readonly resolve: (drawn: Drawn[] | null) => void
  readonly reject: (error: Refusal) => void
}

/** After a failure nothing is asked for a while. */
const PAUSE_AFTER_FAILURE_MS = 250
/** What one statement may carry: it holds the locks of all that it names. */
const MAX_COUNTERS = 200
const MAX_REPORTS = 1_000
/** How long a statement that does not come back keeps others from being sent. */
const LONGEST_HANG_MS = 10_000

/**
 * Leases what the counters of this process need. One statement at a time: whoever waits while one
 * runs goes with the next, so many requests share one.
 */
export class Leaser {
  readonly #parts: LeaserParts
  #waiting: Waiting[] = []
  /** Counters that have something leased or something to say. */
  readonly #active = new Set<Counter>()
  readonly #wishes = new Set<Counter>()
  #isFlushDue = false
  #running: Promise<void> | null = null
  /** Something came up while a run was ending. */
  #isKicked = false
  #timer: NodeJS.Timeout | null = null
  #failedUntilMs = Number.NEGATIVE_INFINITY
  #hangsUntilMs = Number.NEGATIVE_INFINITY
  #isFailing = false
  #isClosed = false
  #ticks = 0
  statementCount = 0

  constructor(parts: LeaserParts) {
    this.#parts = parts
  }

  /**
   * Draws all of `needs`, at once where what is leased is enough. Null: a limit has changed, look
   * again what is needed. Throws or rejects with the refusals of refuse-limit.ts.
   */
  take(needs: readonly Need[]): Drawn[] | Promise<Drawn[] | null> {
    const nowMs = this.#nowMs()
    const drawn = drawAll(needs, nowMs)
    if (drawn === null) return this.#wait(needs, nowMs)
    for (const { counter } of needs)
      if (counter.wants(nowMs)) {
        this.#wishes.add(counter)
        this.#kick()
      }
    return drawn
  }

  /** Ends what `take` drew. `tokens`: what was consumed. */
  settle(counters: readonly Counter[], drawn: readonly Drawn[], tokens: number): void {
    const nowMs = this.#nowMs()
    for (const counter of counters) {
      const own = drawn.find((one) => one.counter === counter)
      if (counter.kind === 'place' && own !== undefined) counter.release()
      if (counter.kind !== 'window' || counter.metric !== 'tokens') continue
      const held = own?.amount ?? 0
      if (tokens < held) counter.giveBack(own?.parts ?? [], held - tokens, nowMs)
      else if (tokens > held) counter.add(tokens - held, nowMs, this.#parts.newId)
      this.#activate(counter)
    }
    if (this.#waiting.length > 0) this.#kick()
  }

  /** Gives back what is free of a counter: somebody lacks it, or its limit has changed. */
  giveBack(counter: Counter): void {
    counter.recall(this.#nowMs())
    if (counter.kind === 'place' && counter.wants(this.#nowMs())) this.#wishes.add(counter)
    this.#isFlushDue = true
    this.#kick()
  }

  /** What is leased and not used, of all counters. */
  get leased(): number {
    let sum = 0
    for (const counter of this.#active) sum += counter.leased
    return sum
  }

  /** Refuses who waits, gives everything back and ends. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    for (const waiting of this.#waiting.splice(0)) waiting.reject(refuseUnavailable())
    await this.#running
    if (this.#isFailing) return // what is leased lapses by itself
    for (const counter of this.#active) {
      counter.recall(this.#nowMs())
      if (counter.kind === 'place') this.#wishes.add(counter)
    }
    this.#isFlushDue = true
    await this.#round()
  }

  #nowMs(): number {
    return this.#parts.clock.monotonicMs()
  }

  #wait(needs: readonly Need[], nowMs: number): Promise<Drawn[] | null> {
    const tooLarge = needs.find(({ counter, amount }) => amount > counter.facts.limit)
    if (tooLarge !== undefined) throw this.#refuse(tooLarge, needs, refuseTooLarge)
    const refused = needs.find(
      ({ counter, amount }) =>
        counter.facts.isRefused(nowMs) &&
        amount > counter.free(nowMs) + Math.max(0, counter.facts.left),
    )
    if (refused !== undefined) throw this.#refuse(refused, needs, refuseLacking)
    if (this.#isClosed || nowMs < this.#failedUntilMs) throw refuseUnavailable()
    return new Promise((resolve, reject) => {
      const sinceMs = nowMs
      this.#waiting.push({ needs, sinceMs, readyMs: nowMs, hasRecalled: false, resolve, reject })
      this.#kick()
    })
  }

  #refuse(
    need: Need,
    needs: readonly Need[],
    shape: typeof refuseLacking | typeof refuseTooLarge,
  ): Refusal {
    this.#parts.refused(need)
    const counters = needs.map(({ counter }) => counter)
    return shape(need, { counters, nowMs: this.#nowMs(), windowMs: this.#parts.timing.windowMs })
  }

  #kick(): void {
    if (this.#isClosed) return
    if (this.#running !== null) {
      this.#isKicked = true
      return
    }
    // A microtask later, so that all requests of this turn share the first statement.
    this.#running = Promise.resolve()
      .then(() => this.#run())
      .catch((error: unknown) => this.#fail(new Map(), this.#nowMs(), error))
      .finally(() => {
        this.#running = null
        if (!this.#isKicked) return
        this.#isKicked = false
        this.#kick()
      })
  }

  async #run(): Promise<void> {
    while (!this.#isClosed && (await this.#round()));
  }

  /** One statement, if there is anything to ask or to say. False: nothing, or it failed. */
  async #round(): Promise<boolean> {
    const sentMs = this.#nowMs()
    this.#admit(sentMs)
    const ready = pickReady(this.#waiting, sentMs)
    const asks = planAsks(
      ready.map(({ needs }) => needs),
      this.#takeWishes(ready.length > 0, sentMs),
      { nowMs: sentMs, newId: this.#parts.newId },
    )
    for (const counter of asks.keys()) this.#activate(counter)
    if (asks.size === 0 && !this.#isFlushDue) return false
    const { reports, restore } = this.#collectReports(sentMs)
    if (asks.size === 0 && reports.length === 0) return false
    try {
      const grants = await this.#send([...asks.values()], reports)
      const answers = new Map([...asks.keys()].map((counter, at) => [counter, grants[at]]))
      this.#accept(asks, answers as Map<Counter, Grant>, sentMs)
      this.#answer(ready, answers as Map<Counter, Grant>)
      return true
    } catch (error) {
      restore()
      this.#fail(asks, sentMs, error)
      return false
    }
  }

  /** Counters that want more although nobody waits; where a statement goes, who soon would too. */
  #takeWishes(isAsking: boolean, nowMs: number): Counter[] {
    if (isAsking || this.#wishes.size > 0)
      for (const counter of this.#active)
        if (counter.kind === 'window' && counter.wantsSoon(nowMs)) this.#wishes.add(counter)
    const wishes = [...this.#wishes].slice(0, MAX_COUNTERS)
    for (const counter of wishes) this.#wishes.delete(counter)
    return wishes
  }

  #collectReports(nowMs: number): { reports: Report[]; restore: () => void } {
    this.#isFlushDue = false
    const reports: Report[] = []
    const undo: (() => void)[] = []
    for (const counter of this.#active) {
      if (counter.kind !== 'window') continue
      counter.closeEnded(nowMs)
      if (reports.length >= MAX_REPORTS) {
        this.#isFlushDue = true // the rest goes with the next
        break
      }
      const taken = counter.takeReports(nowMs)
      if (taken.reports.length > 0) undo.push(taken.restore)
      for (const report of taken.reports) reports.push(report)
    }
    const restore = (): void => {
      for (const one of undo) one()
    }
    return { reports, restore }
  }

  /** A statement that does not come back in time counts as failed, whatever becomes of it. */
  async #send(asks: readonly Ask[], reports: readonly Report[]): Promise<readonly Grant[]> {
    const { timing } = this.#parts
    this.statementCount += 1
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      this.#hangsUntilMs = this.#nowMs() + LONGEST_HANG_MS
      late.reject(new Error('no answer in time'))
    }, timing.patienceMs)
    const sent = this.#parts.send(asks, reports)
    const settled = (): void => {
      if (this.#hangsUntilMs > this.#nowMs()) this.#failedUntilMs = this.#nowMs()
      this.#hangsUntilMs = Number.NEGATIVE_INFINITY
    }
    sent.then(settled, settled)
    try {
      return await Promise.race([sent, late.promise])
    } finally {
      clearTimeout(timer)
    }
  }

  #accept(asks: Map<Counter, Ask>, answers: Map<Counter, Grant>, sentMs: number): void {
    const nowMs = this.#nowMs()
    if (this.#isFailing) this.#parts.log.info({}, 'limits are leased again')
    this.#isFailing = false
    for (const [counter, ask] of asks) {
      const grant = answers.get(counter)
      if (grant !== undefined) counter.accept(ask, grant, sentMs, nowMs)
    }
  }

  /** Gives what there is to who waits, in their order. */
  #admit(nowMs: number): void {
    if (this.#waiting.length === 0) return
    this.#waiting = this.#waiting.filter(({ needs, resolve }) => {
      const drawn = drawAll(needs, nowMs)
      if (drawn === null) return true
      resolve(drawn)
      return false
    })
  }

  #answer(asked: readonly Waiting[], answers: ReadonlyMap<Counter, Grant>): void {
    const nowMs = this.#nowMs()
    this.#admit(nowMs)
    const left = new Set(this.#waiting)
    for (const one of asked) {
      if (!left.has(one)) continue
      if (this.#decide(one, answers, nowMs) === 'stays') continue
      left.delete(one)
    }
    this.#waiting = [...left]
  }

  #decide(one: Waiting, answers: ReadonlyMap<Counter, Grant>, nowMs: number): 'stays' | 'goes' {
    const verdict = judgeWaiting(one.needs, answers, nowMs)
    if (verdict.kind === 'unlimited') {
      one.resolve(null)
      return 'goes'
    }
    if (verdict.kind === 'again') {
      if (nowMs - one.sinceMs < this.#parts.timing.patienceMs) return 'stays'
      one.reject(refuseUnavailable())
      return 'goes'
    }
    const { need, grant } = verdict
    if (!one.hasRecalled && grant.elsewhere > 0 && this.#awaitRecall(one, need.counter, nowMs))
      return 'stays'
    need.counter.facts.refuse(nowMs + this.#parts.timing.refusalMs)
    one.reject(this.#refuse(need, one.needs, refuseLacking))
    return 'goes'
  }

  /** Waits for what others give back of a counter. False: they were asked just before. */
  #awaitRecall(one: Waiting, counter: Counter, nowMs: number): boolean {
    const { recallPauseMs, recallWaitMs } = this.#parts.timing
    if (!this.#parts.isHearing()) return false
    const { facts } = counter
    if (nowMs >= facts.recalledMs + recallPauseMs) {
      facts.recalledMs = nowMs
      this.#parts.recall(counter)
    }
    // Who asked while the others were giving back waits for the same end.
    if (one.sinceMs > facts.recalledMs + recallWaitMs) return false
    one.hasRecalled = true
    one.readyMs = Math.max(nowMs, facts.recalledMs + recallWaitMs)
    setTimeout(() => this.#kick(), Math.ceil(one.readyMs - nowMs) + 1)
    return true
  }

  #fail(asks: ReadonlyMap<Counter, Ask>, sentMs: number, error: unknown): void {
    const nowMs = this.#nowMs()
    const reason = error instanceof Error ? error.message : String(error)
    if (!this.#isFailing) this.#parts.log.error({ reason }, 'limits cannot be leased')
    this.#isFailing = true
    this.#failedUntilMs = Math.max(nowMs + PAUSE_AFTER_FAILURE_MS, this.#hangsUntilMs)
    for (const [counter, ask] of asks) counter.abandon(ask, sentMs, nowMs)
    for (const waiting of this.#waiting.splice(0)) waiting.reject(refuseUnavailable())
  }

  #activate(counter: Counter): void {
    if (this.#active.has(counter)) return
    this.#active.add(counter)
    if (this.#isClosed) return
    this.#timer ??= setInterval(() => this.#tick(), this.#parts.timing.reportMs / 2).unref()
  }

  /** Looks what is to be reported, renewed or given back. */
  #tick(): void {
    const nowMs = this.#nowMs()
    if (nowMs < this.#failedUntilMs) return
    this.#ticks += 1
    for (const counter of this.#active) {
      if (counter.kind === 'window') {
        counter.closeEnded(nowMs)
        const sinceMs = counter.dueSinceMs()
        if (sinceMs !== null && nowMs - sinceMs >= this.#parts.timing.reportMs)
          this.#isFlushDue = true
      } else {
        if (this.#ticks % 4 === 0) counter.shrink()
        if (counter.wants(nowMs)) this.#wishes.add(counter)
      }
      if (counter.isIdle) this.#active.delete(counter)
    }
    if (this.#isFlushDue || this.#wishes.size > 0 || this.#waiting.length > 0) this.#kick()
    if (this.#active.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }
}

/** Who is to be asked for now: as many as one statement may carry counters of, oldest first. */
function pickReady(waiting: readonly Waiting[], nowMs: number): Waiting[] {
  const counters = new Set<Counter>()
  return waiting.filter(({ readyMs, needs }) => {
    if (readyMs > nowMs) return false
    const isKnown = needs.every(({ counter }) => counters.has(counter))
    if (!isKnown && counters.size >= MAX_COUNTERS) return false
    for (const { counter } of needs) counters.add(counter)
    return true
  })
}
