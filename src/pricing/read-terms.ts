import { formatMicros, type Json, type JsonObject, parseMicros } from '../kernel/index.ts'
import { listAt, objectAt, type Path, PriceFault, refuseUnknown } from './read-fields.ts'
import type { DayWindow, Rates, Terms, Tier, TieredRates } from './types.ts'

const RATE_FIELDS = ['input', 'output', 'cached_input', 'cache_write', 'reasoning'] as const
const TERM_FIELDS = [...RATE_FIELDS, 'per_request', 'tiers', 'windows', 'batch', 'free', 'per_hour']
const MINUTES_PER_DAY = 1_440
/** A billion units: with the largest counts of tokens, a cost still fits the books. */
const LARGEST_MICROS = 10n ** 15n

/**
 * The terms that an object says, as files, the API and the database write them: decimal text, in
 * units of the currency for a million tokens. Throws `PriceFault`.
 *
 * @param also fields of the same object that are not terms
 */
export function readTerms(value: Json, path: Path = [], also: readonly string[] = []): Terms {
  const fields = objectAt(value, path)
  refuseUnknown(fields, [...TERM_FIELDS, ...also], path)
  const told = TERM_FIELDS.filter((name) => present(fields, name))
  for (const alone of ['free', 'per_hour'] as const)
    if (present(fields, alone) && told.length > 1)
      throw new PriceFault([...path, alone], `${alone} stands alone, without other prices`)
  if (present(fields, 'free')) {
    if (String(fields.free) === 'true') return { kind: 'free' }
    throw new PriceFault([...path, 'free'], 'free is true, or left out')
  }
  if (present(fields, 'per_hour'))
    return { kind: 'hourly', perHour: micros(fields.per_hour ?? null, [...path, 'per_hour']) }
  if (!present(fields, 'input') && !present(fields, 'output'))
    throw new PriceFault(path, 'a price says input or output, or free, or per_hour')
  return {
    kind: 'tokens',
    rates: readTiered(fields, path),
    perRequest: optionalMicros(fields, 'per_request', path) ?? 0n,
    windows: listAt(fields, 'windows', path).map((each, at) =>
      readWindow(each, [...path, 'windows', at], fields),
    ),
    batch: present(fields, 'batch')
      ? readBatch(fields.batch ?? null, [...path, 'batch'], fields)
      : null,
  }
}

/** The same terms as an object that `readTerms` reads; `none` is an empty one. */
export function writeTerms(terms: Terms): JsonObject {
  switch (terms.kind) {
    case 'none':
    case 'unreadable':
      return {}
    case 'free':
      return { free: true }
    case 'hourly':
      return { per_hour: formatMicros(terms.perHour) }
    case 'tokens':
      return {
        ...writeTiered(terms.rates),
        ...(terms.perRequest === 0n ? {} : { per_request: formatMicros(terms.perRequest) }),
        ...(terms.windows.length === 0 ? {} : { windows: terms.windows.map(writeWindow) }),
        ...(terms.batch === null ? {} : { batch: writeRates(terms.batch) }),
      }
  }
}

function readTiered(fields: JsonObject, path: Path): TieredRates {
  const tiers = listAt(fields, 'tiers', path).map((each, at) =>
    readTier(each, [...path, 'tiers', at], fields),
  )
  tiers.forEach((tier, at) => {
    if (at > 0 && tier.aboveTokens <= (tiers[at - 1]?.aboveTokens ?? 0))
      throw new PriceFault([...path, 'tiers', at, 'above_tokens'], 'tiers stand smallest first')
  })
  return { ...readRates(fields, path), tiers }
}

/** A part of a price says all that the price says: what it left out would be charged otherwise. */
function demandAll(
  fields: JsonObject,
  base: JsonObject,
  { names, path }: { readonly names: readonly string[]; readonly path: Path },
): void {
  const missing = names.find((name) => present(base, name) && !present(fields, name))
  if (missing === undefined) return
  throw new PriceFault(path, `${missing} is missing here, which the price itself says`)
}

function readTier(value: Json, path: Path, base: JsonObject): Tier {
  const fields = objectAt(value, path)
  refuseUnknown(fields, [...RATE_FIELDS, 'above_tokens'], path)
  const text = String(fields.above_tokens ?? '')
  if (!/^[1-9]\d{0,11}$/.test(text))
    throw new PriceFault([...path, 'above_tokens'], 'above_tokens is a whole number of tokens')
  demandAll(fields, base, { names: RATE_FIELDS, path })
  return { aboveTokens: Number(text), ...readRates(fields, path) }
}

function readWindow(value: Json, path: Path, base: JsonObject): DayWindow {
  const fields = objectAt(value, path)
  refuseUnknown(fields, [...RATE_FIELDS, 'tiers', 'from', 'to'], path)
  const fromMinute = minuteAt(fields, 'from', path)
  const toMinute = minuteAt(fields, 'to', path)
  if (fromMinute % MINUTES_PER_DAY === toMinute % MINUTES_PER_DAY)
    throw new PriceFault([...path, 'to'], 'a window is shorter than a day')
  demandAll(fields, base, { names: RATE_FIELDS, path })
  return { fromMinute: fromMinute % MINUTES_PER_DAY, toMinute, ...readTiered(fields, path) }
}

function readBatch(value: Json, path: Path, base: JsonObject): Rates {
  const fields = objectAt(value, path)
  refuseUnknown(fields, RATE_FIELDS, path)
  demandAll(fields, base, { names: ['input', 'output'], path })
  return readRates(fields, path)
}

function readRates(fields: JsonObject, path: Path): Rates {
  return {
    input: optionalMicros(fields, 'input', path),
    output: optionalMicros(fields, 'output', path),
    cachedInput: optionalMicros(fields, 'cached_input', path),
    cacheWrite: optionalMicros(fields, 'cache_write', path),
    reasoning: optionalMicros(fields, 'reasoning', path),
  }
}

function optionalMicros(fields: JsonObject, name: string, path: Path): bigint | null {
  return present(fields, name) ? micros(fields[name] ?? null, [...path, name]) : null
}

function micros(value: Json, path: Path): bigint {
  const text = typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
  const amount = parseMicros(text)
  const name = String(path.at(-1))
  if (amount !== null && amount > LARGEST_MICROS)
    throw new PriceFault(
      path,
      `${name} is above a billion: say it for a million tokens, in whole units`,
    )
  if (amount !== null) return amount
  const shown = JSON.stringify(value) ?? ''
  if (text.startsWith('-')) throw new PriceFault(path, `${name} is ${shown}: no price is negative`)
  throw new PriceFault(
    path,
    `${name} is ${shown.slice(0, 40)}, and not a decimal number of zero or more with at most six decimals`,
  )
}

function minuteAt(fields: JsonObject, name: string, path: Path): number {
  const match = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(String(fields[name] ?? ''))
  const minute = match === null ? -1 : Number(match[1]) * 60 + Number(match[2])
  if (minute >= 0 && minute <= MINUTES_PER_DAY) return minute
  throw new PriceFault([...path, name], `${name} is a time of day in UTC, such as 16:30`)
}

function present(fields: JsonObject, name: string): boolean {
  return fields[name] !== undefined && fields[name] !== null
}

function writeRates(rates: Rates): JsonObject {
  const all: readonly [string, bigint | null][] = [
    ['input', rates.input],
    ['output', rates.output],
    ['cached_input', rates.cachedInput],
    ['cache_write', rates.cacheWrite],
    ['reasoning', rates.reasoning],
  ]
  return Object.fromEntries(
    all.flatMap(([name, rate]) => (rate === null ? [] : [[name, formatMicros(rate)]])),
  )
}

function writeTiered(rates: TieredRates): JsonObject {
  const tiers = rates.tiers.map((tier) => ({
    above_tokens: tier.aboveTokens,
    ...writeRates(tier),
  }))
  return { ...writeRates(rates), ...(tiers.length === 0 ? {} : { tiers }) }
}

function writeWindow(window: DayWindow): JsonObject {
  const time = (minute: number): string =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
  return { from: time(window.fromMinute), to: time(window.toMinute), ...writeTiered(window) }
}
