import { divideHalfEven } from '../kernel/index.ts'
import type {
  Cost,
  DayWindow,
  PriceVersion,
  Rates,
  Terms,
  TieredRates,
  Tokens,
  UnknownCost,
} from './types.ts'

/** Rates as numbers; -1: not said. Beyond 2^53 a rate is not taken as a number, see `isPlain`. */
interface FastRates {
  readonly input: number
  readonly cachedInput: number
  readonly cacheWrite: number
  readonly output: number
  readonly reasoning: number
}

interface CompiledRates {
  readonly base: FastRates
  readonly tiers: readonly { readonly aboveTokens: number; readonly rates: FastRates }[]
}

/** A price ready for the way of a request: arithmetic, and nothing to look up. */
export interface CompiledPrice {
  readonly version: PriceVersion
  readonly fromMs: number
  readonly rates: CompiledRates | null
  readonly windows: readonly {
    readonly fromMinute: number
    readonly toMinute: number
    readonly rates: CompiledRates
  }[]
  readonly perRequestPico: number
}

export const NO_PRICE: UnknownCost = { isKnown: false, reason: 'no_price' }
const PART_UNPRICED: UnknownCost = { isKnown: false, reason: 'part_unpriced' }
const TIME_UNMEASURED: UnknownCost = { isKnown: false, reason: 'time_unmeasured' }

const MINUTE_MS = 60_000
const MINUTES_PER_DAY = 1_440
const MICROSECONDS_PER_MS = 1_000
/** Micro-units an hour times microseconds, divided by this, are pico-units: 3.6e9 / 1e6. */
const HOURLY_DIVISOR = 3_600n

/** Of what is neither `none` nor `unreadable`, see `inForce`, a cost can be told. */
export function compilePrice(version: PriceVersion): CompiledPrice {
  const { terms } = version
  const compiled = { version, fromMs: version.fromMs ?? Number.NEGATIVE_INFINITY }
  if (terms.kind !== 'tokens') return { ...compiled, rates: null, windows: [], perRequestPico: 0 }
  return {
    ...compiled,
    rates: compileRates(terms.rates),
    windows: terms.windows.map((window) => ({
      fromMinute: window.fromMinute,
      toMinute: window.toMinute,
      rates: compileRates(window),
    })),
    perRequestPico: Number(terms.perRequest) * 1_000_000,
  }
}

function compileRates(rates: TieredRates): CompiledRates {
  return {
    base: fast(rates),
    tiers: rates.tiers.map((tier) => ({ aboveTokens: tier.aboveTokens, rates: fast(tier) })),
  }
}

/** What a source does not price by itself is charged as what it is a part of. */
function fast(rates: Rates): FastRates {
  const number = (rate: bigint | null): number => (rate === null ? -1 : Number(rate))
  return {
    input: number(rates.input),
    cachedInput: number(rates.cachedInput ?? rates.input),
    cacheWrite: number(rates.cacheWrite ?? rates.input),
    output: number(rates.output),
    reasoning: number(rates.reasoning ?? rates.output),
  }
}

/** The cost of a request by a price. */
export function costOf(
  price: CompiledPrice,
  tokens: Tokens,
  when: { readonly atMs: number; readonly computeMs: number | null },
): Cost | UnknownCost {
  const { version } = price
  if (version.terms.kind === 'hourly') return hourlyCost(version, version.terms.perHour, when)
  if (price.rates === null) return known(version, 0n)
  const rates = ratesAt(price, tokens, when.atMs)
  if (isUnpriced(rates, tokens)) return PART_UNPRICED
  const pico =
    tokens.input * rates.input +
    tokens.cachedInput * rates.cachedInput +
    tokens.cacheWrite * rates.cacheWrite +
    tokens.output * rates.output +
    tokens.reasoning * rates.reasoning +
    (isNothing(tokens) ? 0 : price.perRequestPico)
  // All parts are zero or more. If the sum is below 2^53 so is every part and every sum on the
  // way: each was exact.
  if (pico <= Number.MAX_SAFE_INTEGER) return known(version, BigInt(pico))
  return known(version, exactCost(version.terms, tokens, when.atMs))
}

/** A request that came to nothing: it was never sent, or was refused. */
function isNothing({ input, cachedInput, cacheWrite, output, reasoning }: Tokens): boolean {
  return input + cachedInput + cacheWrite + output + reasoning === 0
}

/** A bucket of which nothing was used needs no price: without it, 0 × -1 adds nothing. */
function isUnpriced(rates: FastRates, tokens: Tokens): boolean {
  return (
    (rates.input < 0 && tokens.input > 0) ||
    (rates.cachedInput < 0 && tokens.cachedInput > 0) ||
    (rates.cacheWrite < 0 && tokens.cacheWrite > 0) ||
    (rates.output < 0 && tokens.output > 0) ||
    (rates.reasoning < 0 && tokens.reasoning > 0)
  )
}

function known({ currency, ref }: PriceVersion, amountPico: bigint): Cost {
  return { isKnown: true, amountPico, currency, priceRef: ref }
}

function ratesAt(price: CompiledPrice, tokens: Tokens, atMs: number): FastRates {
  const compiled = price.windows.length === 0 ? price.rates : windowAt(price, atMs)
  if (compiled === null) throw new Error('pricing: a price by tokens has rates')
  let { base } = compiled
  if (compiled.tiers.length === 0) return base
  const inputTokens = tokens.input + tokens.cachedInput + tokens.cacheWrite
  for (const { aboveTokens, rates } of compiled.tiers) {
    if (inputTokens <= aboveTokens) break
    base = rates
  }
  return base
}

function windowAt(price: CompiledPrice, atMs: number): CompiledRates | null {
  const minute = minuteOfDay(atMs)
  const found = price.windows.find((window) => isWithin(window, minute))
  return found?.rates ?? price.rates
}

function minuteOfDay(atMs: number): number {
  return Math.floor(atMs / MINUTE_MS) % MINUTES_PER_DAY
}

function isWithin(window: Pick<DayWindow, 'fromMinute' | 'toMinute'>, minute: number): boolean {
  const { fromMinute, toMinute } = window
  if (fromMinute < toMinute) return minute >= fromMinute && minute < toMinute
  return minute >= fromMinute || minute < toMinute
}

function hourlyCost(
  version: PriceVersion,
  perHour: bigint,
  { computeMs }: { readonly computeMs: number | null },
): Cost | UnknownCost {
  if (computeMs === null) return TIME_UNMEASURED
  const microseconds = BigInt(Math.round(computeMs * MICROSECONDS_PER_MS))
  return known(version, divideHalfEven(perHour * microseconds, HOURLY_DIVISOR))
}

/** The same sum in whole numbers of any size. */
export function exactCost(terms: Terms, tokens: Tokens, atMs: number): bigint {
  if (terms.kind !== 'tokens') return 0n
  const minute = minuteOfDay(atMs)
  const window = terms.windows.find((each) => isWithin(each, minute))
  const tiered = window ?? terms.rates
  const inputTokens = tokens.input + tokens.cachedInput + tokens.cacheWrite
  const rates: Rates = tiered.tiers.findLast((tier) => inputTokens > tier.aboveTokens) ?? tiered
  const input = rates.input ?? 0n
  const output = rates.output ?? 0n
  return (
    BigInt(tokens.input) * input +
    BigInt(tokens.cachedInput) * (rates.cachedInput ?? input) +
    BigInt(tokens.cacheWrite) * (rates.cacheWrite ?? input) +
    BigInt(tokens.output) * output +
    BigInt(tokens.reasoning) * (rates.reasoning ?? output) +
    (isNothing(tokens) ? 0n : terms.perRequest * 1_000_000n)
  )
}
