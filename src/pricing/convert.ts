import { multiplyRatio, type Ratio } from '../kernel/index.ts'
import type { Converted, ExchangeRate } from './types.ts'

const DAY_MS = 86_400_000

interface Dated {
  readonly rate: Ratio
  readonly day: string
}

/** Exchange rates, ready to be asked. */
export interface RateTable {
  /**
   * An amount in another currency by the rates of a time, rounded once, half to even; null: no rate
   * is known that leads there. Tried in this order: the pair, whichever way round it was set, then
   * two pairs that share a currency.
   */
  convert(
    amount: { readonly amountPico: bigint; readonly currency: string },
    to: string,
    atMs: number,
  ): Converted | null
  /** All rates that were given. */
  readonly all: readonly ExchangeRate[]
}

/**
 * @param layers strongest first: a pair of which one layer says something, also that its rate is
 * not known, is not looked up in the next. A pair turned round is the same pair: its newest day
 * holds, and of two rates of a layer for one day the later in its list.
 */
export function compileRates(layers: readonly (readonly ExchangeRate[])[]): RateTable {
  const tables = layers.map(byPair)
  const currencies = [...new Set(layers.flat().flatMap(({ base, quote }) => [base, quote]))].sort()

  /** Null: said to be not known; undefined: nobody says anything. */
  const oneStep = (from: string, to: string, day: string): Dated | null | undefined => {
    for (const table of tables) {
      const found = table.get(pairOf(from, to))?.findLast((rate) => rate.day <= day)
      if (found === undefined) continue
      if (found.rate === null) return null
      const isStraight = found.base === from
      return { rate: isStraight ? found.rate : turned(found.rate), day: found.day }
    }
    return undefined
  }
  const path = (from: string, to: string, day: string): Dated | null => {
    const single = oneStep(from, to, day)
    if (single !== undefined) return single
    for (const over of currencies) {
      const first = oneStep(from, over, day)
      const second = first ? oneStep(over, to, day) : null
      if (first && second) return both(first, second)
    }
    return null
  }
  return {
    all: layers.flat(),
    convert({ amountPico, currency }, to, atMs) {
      if (currency === to) return { amountPico, currency: to, rateDay: null }
      const found = path(currency, to, dayOf(atMs))
      if (found === null) return null
      const converted = multiplyRatio(amountPico, found.rate)
      return { amountPico: converted, currency: to, rateDay: found.day }
    },
  }
}

/** The day (UTC) of a time, as `YYYY-MM-DD`. */
export function dayOf(atMs: number): string {
  return new Date(Math.floor(atMs / DAY_MS) * DAY_MS).toISOString().slice(0, 10)
}

function both(first: Dated, second: Dated): Dated {
  return {
    rate: {
      numerator: first.rate.numerator * second.rate.numerator,
      denominator: first.rate.denominator * second.rate.denominator,
    },
    day: first.day.localeCompare(second.day) < 0 ? first.day : second.day,
  }
}

/** One name for a pair and for the same turned round. */
function pairOf(a: string, b: string): string {
  return a < b ? `${a}/${b}` : `${b}/${a}`
}

function turned({ numerator, denominator }: Ratio): Ratio {
  return { numerator: denominator, denominator: numerator }
}

function byPair(rates: readonly ExchangeRate[]): Map<string, readonly ExchangeRate[]> {
  const pairs = Map.groupBy(rates, ({ base, quote }) => pairOf(base, quote))
  return new Map(
    [...pairs].map(([pair, list]) => [
      pair,
      // The sort is stable: of one day, the later stays behind and is found first.
      list.toSorted((a, b) => (a.day < b.day ? -1 : Number(a.day > b.day))),
    ]),
  )
}
