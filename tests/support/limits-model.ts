import type { Ask, Grant, Report, Timing } from '../../src/limits/types.ts'

interface Slice {
  readonly counter: string
  readonly processId: string
  amount: number
  sequence: number
  grantedMs: number
  openUntilMs: number
  countsUntilMs: number
}

/** What the database function `take_limits` does, written again: for tests of who asks it. */
export class ModelDatabase {
  readonly slices = new Map<string, Slice>()
  readonly #limits: Readonly<Record<string, number>>
  readonly #timing: Timing

  /** `limits`: by limit's id and metric, such as `a tokens`. */
  constructor(limits: Readonly<Record<string, number>>, timing: Timing) {
    this.#limits = limits
    this.#timing = timing
  }

  take(
    from: { readonly processId: string; readonly sequence: number; readonly nowMs: number },
    asks: readonly Ask[],
    reports: readonly Report[],
  ): Grant[] {
    for (const report of reports) this.#book(from, report)
    return asks.map((ask) => this.#answer(from, ask))
  }

  /** What counts of a counter. */
  counted(counter: string, nowMs: number): number {
    return this.#of(counter, nowMs).reduce((sum, [, { amount }]) => sum + amount, 0)
  }

  #of(counter: string, nowMs: number): [string, Slice][] {
    return [...this.slices].filter(
      ([, slice]) => slice.counter === counter && slice.countsUntilMs > nowMs,
    )
  }

  #book(from: { processId: string; sequence: number; nowMs: number }, report: Report): void {
    const { sliceId, amount, lastUseMs, limitId, metric } = report
    const { windowMs } = this.#timing
    const { processId, sequence, nowMs } = from
    const slice = this.slices.get(sliceId)
    if (amount === 0) this.slices.delete(sliceId)
    else if (lastUseMs === null && slice === undefined)
      this.slices.set(sliceId, {
        counter: `${limitId} ${metric}`,
        processId,
        amount,
        sequence,
        grantedMs: nowMs,
        openUntilMs: nowMs,
        countsUntilMs: nowMs + windowMs,
      })
    else if (slice !== undefined && lastUseMs !== null) {
      slice.amount = amount
      slice.openUntilMs = Math.min(slice.openUntilMs, nowMs)
      const untilMs = slice.grantedMs + lastUseMs + windowMs
      slice.countsUntilMs = Math.min(slice.countsUntilMs, untilMs)
    }
  }

  #answer(from: { processId: string; sequence: number; nowMs: number }, ask: Ask): Grant {
    const { processId, sequence, nowMs } = from
    const { windowMs, openMs, placeLeaseMs } = this.#timing
    const counter = `${ask.limitId} ${ask.metric}`
    const limit = this.#limits[counter] ?? 0
    const slices = this.#of(counter, nowMs).filter(([id]) => id !== ask.sliceId)
    const others = slices.filter(([, slice]) => slice.processId !== processId)
    const sum = slices.reduce((all, [, { amount }]) => all + amount, 0)
    const available = limit - sum - ask.held
    const sharers = new Set(
      others.filter(([, s]) => s.grantedMs > nowMs - 3 * openMs).map(([, s]) => s.processId),
    )
    let granted = 0
    if (available >= ask.least) {
      const fit = Math.max(0, Math.min(ask.most, available))
      const part = Math.trunc((available - fit) / (4 * (1 + sharers.size)))
      granted = fit + Math.max(0, Math.min(ask.extra, part))
    }
    const isPlace = ask.metric === 'concurrent'
    const amount = isPlace ? ask.held + granted : granted
    const openUntilMs = nowMs + (isPlace ? placeLeaseMs : openMs)
    const countsUntilMs = openUntilMs + (isPlace ? 0 : windowMs)
    if (amount > 0 || isPlace)
      this.slices.set(ask.sliceId, {
        counter,
        processId,
        amount,
        sequence,
        grantedMs: nowMs,
        openUntilMs,
        countsUntilMs,
      })
    return {
      isLimited: true,
      limit,
      granted,
      left: available - granted,
      elsewhere: others
        .filter(([, slice]) => slice.openUntilMs > nowMs)
        .reduce((all, [, slice]) => all + slice.amount, 0),
      retryMs: null,
      resetMs: 0,
    }
  }
}
