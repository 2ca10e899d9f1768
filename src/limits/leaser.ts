// edge: waits by the process's timer
import type { Refusal } from '../kernel/index.ts'
import { collectReports } from './collect-reports.ts'
import {
  type Counter,
  type Drawn,
  drawAll,
  judgeWaiting,
  type Need,
  planAsks,
} from './decide-waiting.ts'
import { refuseLacking, refuseTooLarge, refuseUnavailable } from './refuse-limit.ts'
import { Sender, type SenderParts } from './sender.ts'
import type { Ask, Grant, Timing } from './types.ts'
import { type Waiter, Waiting } from './waiting.ts'

export interface LeaserParts extends SenderParts {
  /** Counters that have something leased or something to say: each adds itself. */
  readonly busy: Set<Counter>
  /** Asks the other processes for what they do not use of a counter. */
  readonly recall: (counter: Counter) => void
  /** Whether others hear it, and are heard. */
  readonly isHearing: () => boolean
  readonly refused: (need: Need) => void
  readonly newId: () => string
  readonly timing: Timing
}

/** What one statement may carry: it holds the locks of all that it names. */
const MOST_COUNTERS = 200
const MOST_REPORTS = 1_000
/** In every so many looks at the counters, places that nobody needs are given back. */
const TICKS_TO_SHRINK = 4

/**
 * Leases what the counters of this process need. One statement at a time: whoever waits while one
 * runs goes with the next, so many requests share one.
 */
export class Leaser {
  readonly #parts: LeaserParts
  readonly #sender: Sender
  readonly #waiting = new Waiting()
  readonly #wishes = new Set<Counter>()
  readonly #timer: NodeJS.Timeout
  #isFlushDue = false
  #running: Promise<void> | null = null
  /** Something came up while a run was ending. */
  #isKicked = false
  #isClosed = false
  #ticks = 0

  constructor(parts: LeaserParts) {
    this.#parts = parts
    this.#sender = new Sender(parts)
    this.#timer = setInterval(() => this.#tick(), parts.timing.reportMs / 2).unref()
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
    }
    if (this.#waiting.size > 0) this.#kick()
  }

  /** Ends what `take` drew as if it had not been drawn: the request, too, is free again. */
  cancel(counters: readonly Counter[], drawn: readonly Drawn[]): void {
    this.settle(counters, drawn, 0)
    const nowMs = this.#nowMs()
    for (const { counter, amount, parts } of drawn) {
      if (counter.kind !== 'window' || counter.metric !== 'requests') continue
      counter.giveBack(parts, amount, nowMs)
    }
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
    for (const counter of this.#parts.busy) sum += counter.leased
    return sum
  }

  /** Refuses who waits, gives everything back and ends. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    this.#waiting.refuseAll()
    await this.#running
    if (this.#sender.isFailing) return // what is leased lapses by itself
    for (const counter of this.#parts.busy) {
      counter.recall(this.#nowMs())
      if (counter.kind === 'place') this.#wishes.add(counter)
    }
    this.#isFlushDue = true
    while (await this.#round());
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
    if (this.#isClosed || this.#sender.isPaused(nowMs)) throw refuseUnavailable()
    const drawn = this.#waiting.add(needs, nowMs)
    this.#kick()
    return drawn
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
    this.#waiting.admit(sentMs)
    const ready = this.#waiting.ready(MOST_COUNTERS, sentMs)
    const asks = planAsks(
      ready.map(({ needs }) => needs),
      this.#takeWishes(ready.length > 0, sentMs),
      { nowMs: sentMs, newId: this.#parts.newId },
    )
    if (asks.size === 0 && !this.#isFlushDue) return false
    const said = collectReports(this.#parts.busy, { most: MOST_REPORTS, nowMs: sentMs })
    this.#isFlushDue = said.hasMore
    if (asks.size === 0 && said.reports.length === 0) return false
    try {
      const grants = await this.#sender.send([...asks.values()], said.reports)
      const answers = this.#accept(asks, grants, sentMs)
      this.#answer(ready, answers)
      return true
    } catch (error) {
      said.restore()
      this.#fail(asks, sentMs, error)
      return false
    }
  }

  /** Counters that want more although nobody waits; where a statement goes, who soon would too. */
  #takeWishes(isAsking: boolean, nowMs: number): Counter[] {
    if (isAsking || this.#wishes.size > 0)
      for (const counter of this.#parts.busy)
        if (counter.kind === 'window' && counter.wantsSoon(nowMs)) this.#wishes.add(counter)
    const wishes = [...this.#wishes].slice(0, MOST_COUNTERS)
    for (const counter of wishes) this.#wishes.delete(counter)
    return wishes
  }

  #accept(
    asks: ReadonlyMap<Counter, Ask>,
    grants: readonly Grant[],
    sentMs: number,
  ): Map<Counter, Grant> {
    const nowMs = this.#nowMs()
    const answers = new Map<Counter, Grant>()
    for (const [at, [counter, ask]] of [...asks].entries()) {
      const grant = grants[at]
      if (grant === undefined) continue
      answers.set(counter, grant)
      counter.accept(ask, grant, sentMs, nowMs)
      // It was asked back while the statement was under way.
      if (counter.kind === 'place' && counter.wants(nowMs)) this.#wishes.add(counter)
    }
    return answers
  }

  #answer(asked: readonly Waiter[], answers: ReadonlyMap<Counter, Grant>): void {
    const nowMs = this.#nowMs()
    this.#waiting.admit(nowMs)
    this.#waiting.judge(asked, (one) => this.#decide(one, answers, nowMs))
  }

  #decide(one: Waiter, answers: ReadonlyMap<Counter, Grant>, nowMs: number): 'stays' | 'goes' {
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
  #awaitRecall(one: Waiter, counter: Counter, nowMs: number): boolean {
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
    this.#sender.fail(error)
    for (const [counter, ask] of asks) counter.abandon(ask, sentMs, nowMs)
    this.#waiting.refuseAll()
  }

  /** Looks what is to be reported, renewed or given back. */
  #tick(): void {
    const nowMs = this.#nowMs()
    if (this.#sender.isPaused(nowMs)) return
    this.#ticks += 1
    const { busy, timing } = this.#parts
    for (const counter of busy) {
      if (counter.kind === 'window') {
        counter.closeEnded(nowMs)
        const sinceMs = counter.dueSinceMs()
        if (sinceMs !== null && nowMs - sinceMs >= timing.reportMs) this.#isFlushDue = true
      } else {
        if (this.#ticks % TICKS_TO_SHRINK === 0) counter.shrink()
        if (counter.wants(nowMs)) this.#wishes.add(counter)
      }
      if (counter.isIdle) busy.delete(counter)
    }
    if (this.#isFlushDue || this.#wishes.size > 0 || this.#waiting.size > 0) this.#kick()
  }
}
