import { isCurrency, type Json, parseDecimal } from '../kernel/index.ts'
import { currencyAt, dayAt } from './parse-price-file.ts'
import { listAt, objectAt, PriceFault, refuseUnknown, textOf } from './read-fields.ts'
import { readYaml } from './read-yaml.ts'
import type { ExchangeRate } from './types.ts'

/**
 * Rates of one base currency on several days. Refuses with `pricing_file_invalid`, naming the file,
 * the line and the keys.
 */
export function parseRateFile(file: { name: string; text: string }): ExchangeRate[] {
  return readYaml(file, (value) => readRates(file.name, value))
}

function readRates(name: string, value: Json): ExchangeRate[] {
  const fields = objectAt(value, [])
  refuseUnknown(fields, ['base', 'source', 'rates', 'notes'], [])
  const base = currencyAt(fields, [], 'base')
  if (base === null) throw new PriceFault(['base'], 'name the currency that one unit is of')
  const source = textOf(fields.source)
  if (source === null) throw new PriceFault(['source'], 'rates say where they are from')
  const days = new Set<string>()
  return listAt(fields, 'rates', []).flatMap((each, at) => {
    const row = objectAt(each, ['rates', at])
    const day = dayAt(row, 'day', ['rates', at])
    if (days.has(day)) throw new PriceFault(['rates', at, 'day'], `rates of ${day} stand twice`)
    days.add(day)
    return Object.keys(row)
      .filter((key) => key !== 'day')
      .map((quote) => {
        const path = ['rates', at, quote]
        const text = String(row[quote])
        return {
          ...readRate({ base, quote, text }, path),
          day,
          source,
          ref: `${name}#${quote}@${day}`,
        }
      })
  })
}

/** A pair and its rate. Throws `PriceFault`. */
export function readRate(
  { base, quote, text }: { base: string; quote: string; text: string },
  path: readonly (string | number)[] = [],
): Pick<ExchangeRate, 'base' | 'quote' | 'rate' | 'text'> {
  for (const code of [base, quote])
    if (!isCurrency(code))
      throw new PriceFault(path, `${JSON.stringify(code)} is no currency: use a code such as USD`)
  if (base === quote) throw new PriceFault(path, `${base} is always one ${base}`)
  const rate = parseDecimal(text)
  if (rate === null || rate.numerator === 0n)
    throw new PriceFault(
      path,
      `a rate is a decimal number above zero, and not ${JSON.stringify(text)}`,
    )
  return { base, quote, rate, text }
}
