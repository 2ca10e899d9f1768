export { AssertionFailure, assert, assertNever } from './assert.ts'
export { type Clock, systemClock } from './clock.ts'
export {
  defineErrors,
  type ErrorKind,
  type ErrorRow,
  Refusal,
  type RefusalOptions,
  refusalsOf,
} from './errors.ts'
export * from './ids.ts'
export { isJsonObject, type Json, type JsonObject, parseJson } from './json.ts'
export { type Log, silentLog } from './log.ts'
export {
  divideHalfEven,
  formatMicros,
  formatPico,
  isCurrency,
  MICRO_PER_UNIT,
  multiplyRatio,
  PICO_PER_UNIT,
  parseDecimal,
  parseMicros,
  type Ratio,
} from './money.ts'
export { readRetryAfterMs } from './read-retry-after.ts'
export { NO_SLOT, Slots, type Slotted } from './slots.ts'
