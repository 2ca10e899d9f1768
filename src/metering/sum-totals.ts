import { formatPico } from '../kernel/index.ts'
import type { Converted } from '../pricing/index.ts'
import type { TotalsRow } from './store-totals.ts'

/** How totals get from several currencies to one. */
export interface Money {
  /** What totals are shown in. */
  readonly currency: () => string
  /** Null: no rate is known. */
  readonly convert: (
    amount: { readonly amountPico: bigint; readonly currency: string },
    to: string,
  ) => Converted | null
}

/** Totals of one group, as the API shows them. */
export type Totals = {
  readonly key: string | null
  readonly request_count: number
  readonly tokens: {
    readonly input: number
    readonly cached_input: number
    readonly cache_write: number
    readonly output: number
    readonly reasoning: number
    readonly total: number
  }
  /** What is known, exactly, by currency. */
  readonly costs: readonly {
    readonly amount: string
    readonly currency: string
    readonly request_count: number
  }[]
  /** Requests whose cost is not known, and is in none of the amounts. */
  readonly cost_unknown_count: number
  readonly cost: {
    /** What is known, in one currency by the rates of now; null: a rate is missing. */
    readonly amount: string | null
    readonly currency: string
    /** Whether it is all: every request has a cost, and every cost a rate. */
    readonly known: boolean
    /** The day of the oldest rate that it took; null: none. */
    readonly rate_day: string | null
  }
}

/** The rows of each group together, groups in the order of their first rows. */
export function sumTotals(rows: readonly TotalsRow[], money: Money): Totals[] {
  const groups = Map.groupBy(rows, ({ group_key: key }) => key)
  return [...groups].map(([key, group]) => sumGroup(key, group, money))
}

/** All rows together. */
export function sumAll(rows: readonly TotalsRow[], money: Money): Totals {
  return sumGroup(null, rows, money)
}

function sumGroup(key: string | null, rows: readonly TotalsRow[], money: Money): Totals {
  const sum = (read: (row: TotalsRow) => string): number =>
    Number(rows.reduce((total, row) => total + BigInt(read(row)), 0n))
  const tokens = {
    input: sum((row) => row.input_tokens),
    cached_input: sum((row) => row.cached_input_tokens),
    cache_write: sum((row) => row.cache_write_tokens),
    output: sum((row) => row.output_tokens),
    reasoning: sum((row) => row.reasoning_tokens),
  }
  const byCurrency = Map.groupBy(rows, ({ cost_currency: currency }) => currency)
  const costs = [...byCurrency].flatMap(([currency, same]) =>
    currency === null ? [] : [{ currency, ...sumCosts(same) }],
  )
  const unknown = sum((row) => (row.cost_currency === null ? row.request_count : '0'))
  return {
    key,
    request_count: sum((row) => row.request_count),
    tokens: { ...tokens, total: Object.values(tokens).reduce((total, count) => total + count, 0) },
    costs: costs.map(({ amountPico, currency, requestCount }) => ({
      amount: formatPico(amountPico),
      currency,
      request_count: requestCount,
    })),
    cost_unknown_count: unknown,
    cost: inOneCurrency(costs, money, unknown === 0),
  }
}

function sumCosts(rows: readonly TotalsRow[]): { amountPico: bigint; requestCount: number } {
  return {
    amountPico: rows.reduce((total, { cost_pico: pico }) => total + BigInt(pico ?? 0), 0n),
    requestCount: rows.reduce((total, row) => total + Number(row.request_count), 0),
  }
}

function inOneCurrency(
  costs: readonly { readonly amountPico: bigint; readonly currency: string }[],
  money: Money,
  isComplete: boolean,
): Totals['cost'] {
  const currency = money.currency()
  const converted = costs.map((cost) => money.convert(cost, currency))
  const found = converted.filter((each) => each !== null)
  if (found.length < converted.length)
    return { amount: null, currency, known: false, rate_day: null }
  const days = found.flatMap(({ rateDay }) => rateDay ?? [])
  return {
    amount: formatPico(found.reduce((total, each) => total + each.amountPico, 0n)),
    currency,
    known: isComplete,
    rate_day: days.toSorted()[0] ?? null,
  }
}
