/**
 * Money is a whole number of pico-units of a currency: tokens × micro-units per million tokens is
 * exactly that, so nothing is rounded when it is recorded. What must be rounded (a conversion, an
 * invoice line) is rounded once, half to even, so that many roundings do not drift.
 */
export const PICO_PER_UNIT = 1_000_000_000_000n
export const MICRO_PER_UNIT = 1_000_000n

/** A rate as an exact fraction; both parts are above zero. */
export interface Ratio {
  readonly numerator: bigint
  readonly denominator: bigint
}

const DECIMAL = /^(\d{1,20})(?:\.(\d{1,20}))?$/
const CODE = /^[A-Z]{3}$/
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

/** Whether a text is a currency's code of ISO 4217, in capitals. */
export function isCurrency(code: string): boolean {
  return CODE.test(code) && CURRENCIES.has(code)
}

/** A decimal number, zero or more, as an exact fraction; null: the text is none. */
export function parseDecimal(text: string): Ratio | null {
  const match = DECIMAL.exec(text)
  if (match === null) return null
  const [, whole = '', fraction = ''] = match
  return { numerator: BigInt(whole + fraction), denominator: 10n ** BigInt(fraction.length) }
}

/**
 * A decimal price as whole micro-units; null: the text is no decimal number of zero or more, or
 * has more than six decimals that are not 0, which would have to be rounded.
 */
export function parseMicros(text: string): bigint | null {
  const ratio = parseDecimal(text)
  if (ratio === null) return null
  const scaled = ratio.numerator * MICRO_PER_UNIT
  return scaled % ratio.denominator === 0n ? scaled / ratio.denominator : null
}

/** Micro-units as a decimal number of units, exactly: `3`, `0.0375`. */
export function formatMicros(micros: bigint): string {
  return formatScaled(micros, 6)
}

/** Pico-units as a decimal number of units, exactly: `0.012207`. */
export function formatPico(pico: bigint): string {
  return formatScaled(pico, 12)
}

function formatScaled(amount: bigint, decimals: number): string {
  const sign = amount < 0n ? '-' : ''
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, '0')
  const fraction = digits.slice(-decimals).replace(/0+$/, '')
  return `${sign}${digits.slice(0, -decimals)}${fraction === '' ? '' : `.${fraction}`}`
}

/** The whole number next to a fraction; in the middle of two, the even one. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  if (denominator < 0n) return divideHalfEven(-numerator, -denominator)
  const quotient = numerator / denominator
  const rest = numerator % denominator
  if (rest === 0n) return quotient
  const twice = (rest < 0n ? -rest : rest) * 2n
  const isOver = twice > denominator || (twice === denominator && quotient % 2n !== 0n)
  if (!isOver) return quotient
  return numerator < 0n ? quotient - 1n : quotient + 1n
}

/** An amount times an exact rate, rounded once. */
export function multiplyRatio(amount: bigint, { numerator, denominator }: Ratio): bigint {
  return divideHalfEven(amount * numerator, denominator)
}
