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
   * is known that leads there. Tried in this order: the pair, the pair turned round, two pairs that
   * share a currency.
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
 * @param layers strongest first: a pair that one layer knows is not looked up in the next.
 * Of two rates of a layer for one pair and day the later in its list holds.
 */
export function compileRates(layers: readonly (readonly ExchangeRate[])[]): RateTable {
  const tables = layers.map(byPair)
  const currencies = [...new Set(layers.flat().flatMap(({ base, quote }) => [base, quote]))].sort()

  const known = (base: string, quote: string, day: string): Dated | null => {
    for (const table of tables) {
      const rates = table.get(`${base}/${quote}`) ?? []
      const found = rates.findLast((rate) => rate.day <= day)
      if (found !== undefined && found.rate !== null) return { rate: found.rate, day: found.day }
    }
    return null
  }
  const oneStep = (from: string, to: string, day: string): Dated | null => {
    const straight = known(from, to, day)
    if (straight !== null) return straight
    const turned = known(to, from, day)
    if (turned === null) return null
    const { numerator, denominator } = turned.rate
    return { rate: { numerator: denominator, denominator: numerator }, day: turned.day }
  }
  const path = (from: string, to: string, day: string): Dated | null => {
    const single = oneStep(from, to, day)
    if (single !== null) return single
    for (const over of currencies) {
      const first = oneStep(from, over, day)
      const second = first === null ? null : oneStep(over, to, day)
      if (first !== null && second !== null) return both(first, second)
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

function byPair(rates: readonly ExchangeRate[]): Map<string, readonly ExchangeRate[]> {
  const pairs = Map.groupBy(rates, ({ base, quote }) => `${base}/${quote}`)
  return new Map(
    [...pairs].map(([pair, list]) => [
      pair,
      // The sort is stable: of one day, the later stays behind and is found first.
      list.toSorted((a, b) => (a.day < b.day ? -1 : Number(a.day > b.day))),
    ]),
  )
}
