import type { Ask, Grant, Report, Timing } from '../../src/limits/types.ts'

interface Lease {
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
  readonly leases = new Map<string, Lease>()
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

  #of(counter: string, nowMs: number): [string, Lease][] {
    return [...this.leases].filter(
      ([, lease]) => lease.counter === counter && lease.countsUntilMs > nowMs,
    )
  }

  #book(from: { processId: string; sequence: number; nowMs: number }, report: Report): void {
    const { leaseId, amount, lastUseMs, limitId, metric } = report
    const { windowMs } = this.#timing
    const { processId, sequence, nowMs } = from
    const lease = this.leases.get(leaseId)
    if (amount === 0) this.leases.delete(leaseId)
    else if (lastUseMs === null && lease === undefined)
      this.leases.set(leaseId, {
        counter: `${limitId} ${metric}`,
        processId,
        amount,
        sequence,
        grantedMs: nowMs,
        openUntilMs: nowMs,
        countsUntilMs: nowMs + windowMs,
      })
    else if (lease !== undefined && lastUseMs !== null) {
      lease.amount = amount
      lease.openUntilMs = Math.min(lease.openUntilMs, nowMs)
      const untilMs = lease.grantedMs + lastUseMs + windowMs
      lease.countsUntilMs = Math.min(lease.countsUntilMs, untilMs)
    }
  }

  #answer(from: { processId: string; sequence: number; nowMs: number }, ask: Ask): Grant {
    const { processId, sequence, nowMs } = from
    const { windowMs, openMs, placeLeaseMs } = this.#timing
    const counter = `${ask.limitId} ${ask.metric}`
    const limit = this.#limits[counter] ?? 0
    const leases = this.#of(counter, nowMs).filter(([id]) => id !== ask.leaseId)
    const others = leases.filter(([, lease]) => lease.processId !== processId)
    const sum = leases.reduce((all, [, { amount }]) => all + amount, 0)
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
    // A statement that comes after a newer one must not undo it.
    const isStale = isPlace && (this.leases.get(ask.leaseId)?.sequence ?? -1) >= sequence
    if (isStale) granted = 0
    const amount = isPlace ? ask.held + granted : granted
    const openUntilMs = nowMs + (isPlace ? placeLeaseMs : openMs)
    const countsUntilMs = openUntilMs + (isPlace ? 0 : windowMs)
    if (!isStale && (amount > 0 || isPlace))
      this.leases.set(ask.leaseId, {
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
        .filter(([, lease]) => lease.openUntilMs > nowMs)
        .reduce((all, [, lease]) => all + lease.amount, 0),
      retryMs: null,
      resetMs: 0,
    }
  }
}
